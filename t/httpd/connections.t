#!/usr/bin/perl
# W-08, W-10 to W-13, W-15. Several requests where a client sees one, and one connection with requests of several users: pipelines, unread bodies,
# upgrades, WebDAV destinations, lookaheads, error pages of requests that were never looked at. Each is judged by itself, and no token strays.

use v5.36;
use Test::More;
use MCPTest::Backend;
use MCPTest::H2;
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;

my %backend = map { $_ => MCPTest::Backend->start } qw(own errors);
my $key     = MCPTest::Key->get('P-256');
my $prefork = ($ENV{MPM} // '') eq 'prefork';
my $httpd   = MCPTest::Httpd->start(
    vars    => { OWN => $backend{own}->url, ERRORS => $backend{errors}->url },
    modules => [ qw(dav dav_fs), $prefork ? () : 'http2' ],
    files   => {
        'conf/keys.json' => MCPTest::Key::jwks($key),
        'htdocs/dav/a/x' => 'x', 'htdocs/dav/b/y' => 'y',
        'htdocs/of/alice/x' => 'of alice', 'htdocs/of/x' => 'of nobody',
    },
    conf => <<'END');
<MCPIssuer "https://auth.example.com">
    MCPKeys file:@ROOT@/conf/keys.json
</MCPIssuer>
<IfModule http2_module>
    Protocols h2c http/1.1
    H2WebSockets On
</IfModule>
DavLockDB @ROOT@/run/dav
<LocationMatch "^/(mcp|ruled|dav|mine)">
    AuthType MCP
    MCPResource https://mcp.example/mcp
    Require mcp-scope a
</LocationMatch>
<Location "/mcp">
    ProxyPass @OWN@/mcp upgrade=websocket
</Location>
<Location "/ruled">
    MCPOperation tools/call * a
    ProxyPass @OWN@/ruled upgrade=websocket
</Location>
<Location "/dav">
    Dav On
</Location>
<Location "/dav/b">
    Require mcp-scope b
</Location>
RewriteEngine On
RewriteRule ^/mine/(\w+)$ /of/%{LA-U:REMOTE_USER}/$1
RewriteRule ^/peek/(\w+)$ /of/%{LA-U:REMOTE_USER}/$1
ProxyPass /errors @ERRORS@/errors
ProxyPass /open @OWN@/open
ProxyErrorOverride On 404
ErrorDocument 400 /errors/400
ErrorDocument 404 /errors/404
ErrorDocument 417 /errors/417
END
chmod 0777, map { $httpd->root . "/$_" } qw(run htdocs/dav/a htdocs/dav/b);
my $own  = $backend{own};
my $http = MCPTest::HTTP->new($httpd->url);
my $jwt  = MCPTest::JWT->new(key => $key, iss => 'https://auth.example.com', aud => 'https://mcp.example/mcp', scope => 'a', sub => 'alice');

sub good (%claims) { return (Authorization => 'Bearer ' . $jwt->mint(%claims)) }
sub with_token ($backend) { return scalar grep { $_->[1] =~ /eyJ/ } map { @{ $_->{headers} } } $backend->requests }

# W-10: what one user may do is nothing to the next.
my @pipeline = ([ alice => good() ], ['none'], [ bob => good(sub => 'bob', scope => 'a b') ], [ broken => (Authorization => 'Bearer x.y.z') ], ['none'], [ expired => good(exp => 1) ], [ carol => good(sub => 'carol') ]);
my @answers  = $http->pipeline(map { my ($who, @fields) = @$_; [ GET => "/mcp/$who", \@fields ] } @pipeline);
is_deeply [ map { $_->status } @answers ], [ 200, 401, 200, 401, 401, 401, 200 ], 'W-10 users of one connection';
is_deeply [ map { my $r = $_; join ' ', $r->{target}, map { $own->seen($_, $r) } qw(X-MCP-Subject X-MCP-Scope) } $own->requests ],
    [ '/mcp/alice alice a', '/mcp/bob bob a b', '/mcp/carol carol a' ], 'W-10 each by its own token';

# W-15: what the module answers by itself may have a body, which is no request.
my $smuggled = "GET /mcp/smuggled HTTP/1.1\r\nHost: a\r\nAuthorization: " . (good())[1] . "\r\n\r\n";
my @page     = (Origin => 'https://mcp.example', 'Access-Control-Request-Method' => 'POST');
for my $case ([ OPTIONS => '/mcp', 200 ], [ OPTIONS => '/mcp', 204, @page ], [ POST => '/mcp', 403, Origin => 'https://evil.example' ], [ POST => '/mcp', 403, good(scope => 'x') ],
    map { ([ GET => "/.well-known/oauth-protected-resource/$_->[0]", $_->[1] ], [ OPTIONS => "/.well-known/oauth-protected-resource/$_->[0]", 204, @page ]) } [ mcp => 200 ], [ no => 404 ]) {
    my ($method, $path, $status, @fields) = @$case;
    for my $chunked (0, 1) {
        my ($body, $head) = ($smuggled x 200, $chunked ? [ @fields, 'Transfer-Encoding' => 'chunked' ] : \@fields);
        $body = sprintf "%x\r\n%s\r\n0\r\n\r\n", length $body, $body if $chunked;
        $own->clear;
        my @two = $http->pipeline([ $method => $path, $head, $body ], [ GET => '/mcp/next', [ good() ] ]);
        is_deeply [ (map { $_->status } @two), map { $_->{path} } $own->requests ], [ $status, 200, '/mcp/next' ], "W-15 $method $path $status" . ($chunked ? ', chunked' : '');
    }
}

# W-11: an upgrade is a request like any other; what follows it none that rules would see.
my @upgrade = (Upgrade => 'websocket', Connection => 'Upgrade, X-MCP-Subject', 'Sec-WebSocket-Key' => 'eA==', 'Sec-WebSocket-Version' => 13, 'X-MCP-Subject' => 'mallory');
$own->clear;
is $http->get('/mcp', @upgrade)->status, 401, 'W-11 an upgrade without a token';
is $http->get('/mcp', @upgrade, good())->status, 200, 'W-11 with one';
is_deeply [ map { $own->seen($_) } qw(Upgrade X-MCP-Subject) ], [ 'websocket', 'alice' ], 'W-11 arrives as alice';
is with_token($own), 0, 'W-11 and the token does not';
SKIP: {
    skip 'mod_http2 does not work with prefork', 3 if $prefork;
    for my $case ([ '/mcp' => 0, 0 ], [ '/mcp' => 1, 1 ], [ '/ruled' => 1, 0 ]) {
        my ($path, $token, $arrives) = @$case;
        my $h2 = MCPTest::H2->new($httpd->port);
        $own->clear;
        $h2->headers([ ':method' => 'CONNECT', ':protocol' => 'websocket', ':scheme' => 'http', ':authority' => 'a', ':path' => $path, 'sec-websocket-version' => '13', $token ? (authorization => (good())[1]) : () ]);
        $h2->data('x', end => 1);
        $h2->body;
        is $own->count, $arrives, "W-11 WebSocket over HTTP/2: $path" . ($token ? '' : ', no token');
    }
}

# W-12: the destination is judged as well.
my $copy = sub ($to, @fields) { $http->request(COPY => '/dav/a/x', [ Destination => $httpd->url($to), @fields ])->status };
is $copy->('/dav/b/new', good()), 403, 'W-12 a copy to where more is needed';
ok !-e $httpd->root . '/htdocs/dav/b/new', 'W-12 is not made';
is $copy->('/dav/b/new', good(scope => 'a b')), 201, 'W-12 with more it is';
is $copy->('/dav/a/new'), 401, 'W-12 without a token none';

# W-13: to be looked up is not to be let in.
is $http->get('/mine/x', good())->body, 'of alice', 'W-13 a lookahead knows who it is';
is $http->get('/mine/x')->status, 401, 'W-13 no token';
is $http->get('/mine/x', good(scope => 'x'))->status, 403, 'W-13 too weak';
is $http->get('/peek/x', good())->body, 'of nobody', 'W-13 a path without protection knows nobody';

# W-08: nobody knows which section such a path would have had.
for my $case ([ '/mcp/a%2fb' => 404 ], [ '/mcp%2fa' => 404 ], [ '/mcp/%zz' => 400 ], [ '/mcp/%00' => 404 ], [ '/mcp', 417, Expect => 'the-unexpected' ]) {
    my ($path, $status, @fields) = @$case;
    $backend{errors}->clear;
    $http->get($path, good(), @fields);
    is_deeply [ map { $_->{path} } $backend{errors}->requests ], ["/errors/$status"], "W-08 $path has an error page";
    is with_token($backend{errors}), 0, 'W-08 which gets no token';
}
$own->reply('/open' => { status => 404 });
$backend{errors}->clear;
$http->get('/open', good());
is with_token($backend{errors}), 1, 'W-08 a path that is known to be open keeps what it came with, on its error page too';
$backend{errors}->clear;
$http->get('/mcp%2fa', Authorization => 'Basic YTpi');
is_deeply [ $backend{errors}->seen('Authorization') ], ['Basic YTpi'], 'W-08 what is no token is left alone';

done_testing;
