#!/usr/bin/perl
# H-17, H-18, H-19, H-20. Pages of other origins: who may call, what they may read, and that no field is doubled.

use v5.36;
use Test::More;
use MCPTest::Backend;
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;

my @theirs  = map { [ "Access-Control-$_->[0]" => $_->[1] ] } [ 'Allow-Origin' => '*' ], [ 'Expose-Headers' => 'X' ], [ 'Allow-Credentials' => 'true' ];
my $backend = MCPTest::Backend->start(routes => { map { ("/$_" => { status => 200, headers => [ @theirs, [ Vary => 'Origin' ] ], body => 'x' }) } qw(list/own star/own default/own) });
my $key     = MCPTest::Key->get('P-256');
my $httpd   = MCPTest::Httpd->start(
    vars  => { BACKEND => $backend->url },
    files => { 'conf/keys.json' => MCPTest::Key::jwks($key) },
    conf  => <<'END');
<MCPIssuer "https://auth.example.com">
    MCPKeys file:@ROOT@/conf/keys.json
</MCPIssuer>
ProxyPass / @BACKEND@/ disablereuse=On
<Location "/">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/
    Require mcp-scope a
</Location>
<Location "/list">
    MCPAllowOrigin https://App.example.com:443 https://two.example:8443 vscode-webview://abc
</Location>
<Location "/star">
    MCPAllowOrigin *
</Location>
<Location "/none">
    MCPAllowOrigin none
</Location>
<Location "/null">
    MCPAllowOrigin null
</Location>
<Location "/pages">
    MCPAllowOrigin https://app.example.com
    MCPErrorBody default
    Header set Access-Control-Allow-Origin "*"
    Header always set Access-Control-Allow-Origin "https://evil.example"
    Header always set Strict-Transport-Security "max-age=1"
</Location>
<Location "/other">
    AuthType None
    Require all granted
</Location>
END

my $http = MCPTest::HTTP->new($httpd->url);
my $own  = $httpd->url =~ s{/\z}{}r;
my $jwt  = MCPTest::JWT->new(key => $key, iss => 'https://auth.example.com', aud => "$own/", scope => 'a');
my @good = (Authorization => 'Bearer ' . $jwt->mint);

# path, origins, the Access-Control-Allow-Origin due (undef: refused)
my @rows = (
    [ '/x',    [$own], $own ],
    [ '/x',    ['https://app.example.com'], undef ],
    [ '/x',    ['null'], undef ],
    [ '/x',    [''], undef ],
    [ '/x',    [ $own =~ s/http/https/r ], undef ],
    [ '/x',    [ $own =~ s/:\d+//r ], undef ],
    [ '/x',    ["$own.evil.example"], undef ],
    [ '/x',    ["$own/"], undef ],
    [ '/list', ['https://app.example.com'], 'https://app.example.com' ],
    [ '/list', ['https://two.example:8443'], 'https://two.example:8443' ],
    [ '/list', ['vscode-webview://abc'], 'vscode-webview://abc' ],
    [ '/list', ['https://two.example'], undef ],
    [ '/list', ['https://app.example.com.evil.example'], undef ],
    [ '/list', ['https://evil.example/https://app.example.com'], undef ],
    [ '/list', ['http://app.example.com'], undef ],
    [ '/list', [$own], undef ],
    [ '/list', [ 'https://app.example.com', 'https://two.example:8443' ], undef ],
    [ '/list', [ 'https://app.example.com', 'https://app.example.com' ], undef ],
    [ '/star', ['https://any.example'], '*' ],
    [ '/star', ['null'], '*' ],
    [ '/star', [ 'https://a.example', 'https://b.example' ], undef ],
    [ '/none', [$own], undef ],
    [ '/null', ['null'], 'null' ],
);

sub check ($res, $status, $origin, $name) {
    is $res->status, $status, "$name: status";
    is_deeply [ $res->headers('Access-Control-Allow-Origin') ], [ $origin // () ], "$name: who may read it";
    is_deeply [ $res->headers('Access-Control-Expose-Headers') ], [ $origin ? 'WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version' : () ], "$name: what of it";
    is scalar(() = ($res->header('Vary') // '') =~ /\bOrigin\b/g), ($origin // '') eq '*' ? 0 : 1, "$name: Vary";
}

for my $row (@rows) {
    my ($path, $origins, $allowed) = @$row;
    my @origin = map { (Origin => $_) } @$origins;
    my $name   = "$path from '@$origins'";
    my $before = $backend->count;
    my $res    = $http->get($path, @good, @origin);
    check($res, $allowed ? 200 : 403, $allowed, $name);
    check($http->get($path, @origin), $allowed ? 401 : 403, $allowed, "$name, no token");
    my $flight = $http->request(OPTIONS => $path, [ @origin, 'Access-Control-Request-Method' => 'POST',
        'Access-Control-Request-Headers' => 'authorization, mcp-param-file, mcp-param-, x-evil' ]);
    is $flight->status, $allowed ? 204 : 403, "$name: preflight";
    next if $allowed;
    is $res->json->{error}{code}, -32000, "$name: JSON-RPC";
    ok !exists $res->json->{id}, "$name: without id";
    is_deeply [ $res->headers('WWW-Authenticate') ], [], "$name: no challenge";
    is $backend->count, $before, "$name: the backend saw nothing";
}

# A preflight is answered with all that MCP clients send.
my $flight = $http->request(OPTIONS => '/list', [ Origin => 'https://app.example.com', 'Access-Control-Request-Method' => 'DELETE',
    'Access-Control-Request-Headers' => 'authorization, mcp-param-file, mcp-param-, x-evil, mcp-param-a\\b' ]);
is_deeply [ $flight->headers('Access-Control-Allow-Origin') ], ['https://app.example.com'], 'preflight: origin';
like $flight->header('Access-Control-Allow-Methods'), qr/\b$_\b/, "preflight: $_" for qw(GET POST DELETE);
like $flight->header('Access-Control-Allow-Headers'), qr/(?:^|, )\Q$_\E(?:,|$)/i, "preflight: $_"
    for qw(Authorization Content-Type Accept MCP-Protocol-Version Mcp-Session-Id Mcp-Method Mcp-Name Last-Event-ID DPoP mcp-param-file);
unlike $flight->header('Access-Control-Allow-Headers'), qr/evil|mcp-param-(?:,|$)|\\/, 'preflight: and nothing else';
ok !defined $flight->header('Access-Control-Allow-Credentials'), 'preflight: no credentials mode';
is $flight->body, '', 'preflight: no body';

# What the backend says about origins is replaced, not doubled.
check($http->get('/list/own', @good, Origin => 'https://app.example.com'), 200, 'https://app.example.com', 'backend with fields of its own');
is_deeply [ $http->get('/star/own', @good, Origin => 'https://q.example')->headers('Access-Control-Allow-Origin') ], ['*'], 'one field under *';
is_deeply [ $http->get('/list/own', @good)->headers('Access-Control-Allow-Origin') ], [], 'none without Origin';
ok !defined $http->get('/list/own', @good)->header('Access-Control-Allow-Credentials'), 'nor credentials';

# Errors of the backend, of httpd, and what a Header directive adds.
$backend->reply('/list/gone' => { status => 404, body => 'x' });
$backend->reply('/list/broken' => { status => 500, body => 'x' });
check($http->get('/list/gone', @good, Origin => 'https://app.example.com'), 404, 'https://app.example.com', "the backend's 404");
check($http->get('/list/broken', @good, Origin => 'https://app.example.com'), 500, 'https://app.example.com', "the backend's 500");
check($http->get('/list', Origin => 'https://app.example.com', Authorization => 'Bearer'), 400, 'https://app.example.com', '400');
check($http->get('/list', Origin => 'https://app.example.com', Authorization => 'Bearer ' . $jwt->mint(scope => 'b')), 403, 'https://app.example.com', '403');
my $page = $http->get('/pages', Origin => 'https://app.example.com');
check($page, 401, 'https://app.example.com', "httpd's own page");
like $page->body, qr/<html>/i, 'it is a page';
is $page->header('Strict-Transport-Security'), 'max-age=1', 'with what Header always adds';
check($http->get('/pages', @good, Origin => 'https://app.example.com'), 200, 'https://app.example.com', 'Header set cannot double it');
$backend->down;
check($http->get('/list', @good, Origin => 'https://app.example.com'), 503, 'https://app.example.com', 'a backend that is down');
$backend->up;

# Paths that are not ours keep what they have.
$backend->reply('/other' => { status => 200, headers => \@theirs, body => 'x' });
is $http->get('/other', Origin => 'https://q.example')->header('Access-Control-Allow-Origin'), '*', 'an ungoverned path is left alone';

done_testing;
