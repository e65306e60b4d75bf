#!/usr/bin/perl
# CORS where other parts of httpd write to the answer: Header lines, error documents, fields of the backend in every number, and
# preflights that look odd. Who may call at all is in crossorigin.t.

use v5.36;
use Test::More;
use MCPTest::Backend;
use MCPTest::Challenge 'bearer';
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;

my $backend = MCPTest::Backend->start;
my $key     = MCPTest::Key->get('P-256');
my $page    = 'https://app.example.com';
my $httpd   = MCPTest::Httpd->start(
    vars  => { BACKEND => $backend->url },
    files => {
        'conf/keys.json'          => MCPTest::Key::jwks($key),
        'htdocs/tenant/.htaccess' => "MCPAllowOrigin https://app.example.com\nHeader always set Access-Control-Allow-Origin *\nHeader set Access-Control-Allow-Origin *\nHeader merge Vary Origin\n",
        'htdocs/tenant/x.html'    => 'tenant',
        'htdocs/error.html'       => 'error page',
    },
    conf => <<'END');
<MCPIssuer "https://auth.example.com">
    MCPKeys file:@ROOT@/conf/keys.json
</MCPIssuer>
<Location "/">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/
    MCPAllowOrigin https://app.example.com
    Require mcp-scope a
</Location>
# No connection is kept: one that died with the backend would give a 502 now and then.
ProxyPass /p @BACKEND@ disablereuse=On
<Location "/p/set">
    Header set Access-Control-Allow-Origin "https://evil.example"
    Header set Access-Control-Allow-Credentials true
</Location>
<Location "/p/always">
    Header always set Access-Control-Allow-Origin "https://evil.example"
    Header always set Access-Control-Expose-Headers "X-Other"
    Header always set Access-Control-Allow-Credentials true
</Location>
<Location "/p/add">
    Header add Access-Control-Allow-Origin "https://evil.example"
    Header always add Access-Control-Allow-Origin "https://evil2.example"
    Header onsuccess add Vary Accept
    Header always add Vary Cookie
</Location>
<Location "/p/page">
    MCPErrorBody default
    Header always set Access-Control-Allow-Origin "https://evil.example"
</Location>
<Location "/p/document">
    MCPErrorBody default
    ErrorDocument 401 /error.html
    ErrorDocument 403 /error.html
    ErrorDocument 404 /error.html
    ErrorDocument 503 /error.html
    ProxyErrorOverride On
</Location>
<Location "/error.html">
    AuthType None
    Require all granted
</Location>
<Location "/p/star">
    MCPAllowOrigin *
</Location>
<Location "/p/own">
    MCPAllowOrigin http://127.0.0.1:@PORT@
</Location>
<Location "/p/address">
    Require ip 192.0.2.1
</Location>
END

my $http = MCPTest::HTTP->new($httpd->url);
my $own  = $httpd->url =~ s{/\z}{}r;
my $jwt  = MCPTest::JWT->new(key => $key, iss => 'https://auth.example.com', aud => "$own/", scope => 'a');
my @good = (Authorization => 'Bearer ' . $jwt->mint);
my @weak = (Authorization => 'Bearer ' . $jwt->mint(scope => 'b'));
my @from = (Origin => $page);

sub words ($value) { return sort map { lc } split /\s*,\s*/, $value // '' }

# One readable answer: each CORS field once, Vary names Origin once.
sub readable ($res, $status, $origin, $name) {
    is $res->status, $status, "$name: status" or diag $res->summary;
    is_deeply [ $res->headers('Access-Control-Allow-Origin') ], [$origin], "$name: one Access-Control-Allow-Origin";
    is_deeply [ $res->headers('Access-Control-Expose-Headers') ], ['WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version'], "$name: the fields it may read";
    is_deeply [ $res->headers('Access-Control-Allow-Credentials') ], [], "$name: no credentials mode";
    is scalar(grep { $_ eq 'origin' } words($res->header('Vary'))), $origin eq '*' ? 0 : 1, "$name: Vary: Origin";
    return;
}

subtest 'Header lines' => sub {
    for my $section (qw(set always add page)) {
        for my $case ([ 'no token', [], 401 ], [ 'malformed', [ Authorization => 'Bearer' ], 400 ], [ 'scope missing', \@weak, 403 ], [ 'good', \@good, 200 ]) {
            my ($name, $auth, $status) = @$case;
            my $res = $http->get("/p/$section", @$auth, @from);
            readable($res, $status, $page, "$section, $name");
            ok bearer($res->headers('WWW-Authenticate')), "$section, $name: challenge" if $status != 200;
        }
        my $res = $http->get("/p/$section", @good);
        is_deeply [ $res->headers('Access-Control-Allow-Origin') ], [], "$section: none for what has no Origin";
        is scalar(grep { $_ eq 'origin' } words($res->header('Vary'))), 1, "$section: which is said";
        $res = $http->get("/p/$section", @good, Origin => 'https://evil.example');
        is $res->status, 403, "$section: the origin that the Header line names is refused";
        is_deeply [ $res->headers('Access-Control-Allow-Origin') ], [], "$section: and reads nothing";
        my $flight = $http->request(OPTIONS => "/p/$section", [ @from, 'Access-Control-Request-Method' => 'POST' ]);
        is $flight->status, 204, "$section: preflight";
        is_deeply [ $flight->headers('Access-Control-Allow-Origin') ], [$page], "$section: preflight: one origin";
        my $plain = $http->request(OPTIONS => "/p/$section", [@from]);
        readable($plain, 200, $page, "$section: OPTIONS that is no preflight");
    }
    my $vary = $http->get('/p/add', @good, @from)->header('Vary');
    is_deeply [ words($vary) ], [qw(accept cookie origin)], 'other Vary words stay';
    for my $auth ([], \@good) {
        readable($http->get('/tenant/x.html', @$auth, @from), @$auth ? 200 : 401, $page, '.htaccess with Header lines');
    }
};

subtest 'fields of the backend' => sub {
    my @rows = (
        [ 'one',       [ [ 'Access-Control-Allow-Origin' => '*' ] ] ],
        [ 'two',       [ map { [ 'Access-Control-Allow-Origin' => $_ ] } '*', $page ] ],
        [ 'lower',     [ [ 'access-control-allow-origin' => $page ], [ 'access-control-expose-headers' => '*' ], [ vary => 'origin' ] ] ],
        [ 'the lot',   [ map { [ "Access-Control-$_" => 'x' ] } qw(Allow-Origin Allow-Credentials Allow-Methods Allow-Headers Expose-Headers Max-Age) ] ],
        [ 'Vary',      [ [ Vary => 'Accept' ], [ Vary => 'Origin, Cookie' ] ] ],
        [ 'challenge', [ [ 'WWW-Authenticate' => 'Bearer error="invalid_token"' ], [ 'Access-Control-Allow-Origin' => '*' ] ] ],
    );
    for my $row (@rows) {
        my ($name, $fields) = @$row;
        for my $status (200, 202, 400, 401, 403, 404, 500) {
            $backend->reply('/x' => { status => $status, headers => $fields, body => 'x' });
            my $res = $http->get('/p/x', @good, @from);
            readable($res, $status, $page, "$name, $status");
            is $res->body, 'x', "$name, $status: the body is the backend's";
        }
        $backend->reply('/star' => { status => 200, headers => $fields, body => 'x' });
        is_deeply [ $http->get('/p/star', @good, @from)->headers('Access-Control-Allow-Origin') ], ['*'], "$name: under *";
    }
    is $http->get('/p/star', @good)->header('Access-Control-Allow-Origin'), undef, 'nothing without Origin, under *';
};

subtest "httpd's own pages" => sub {
    $backend->reply('/document/gone' => { status => 404, headers => [ [ 'Access-Control-Allow-Origin' => '*' ] ], body => 'x' });
    my @rows = (
        [ '/p/document',      [],     401 ],
        [ '/p/document',      \@weak, 403 ],
        [ '/p/document/gone', \@good, 404 ],
    );
    for my $row (@rows) {
        my ($path, $auth, $status) = @$row;
        my $res = $http->get($path, @$auth, @from);
        readable($res, $status, $page, "$path, $status");
        is $res->body, 'error page', "$path, $status: the page";
    }
    readable($http->get('/p/page', @from), 401, $page, 'a page of httpd');
    readable($http->get('/nothing', @good, @from), 404, $page, 'a file that is missing');
    readable($http->request(PUT => '/tenant/x.html', [ @good, @from ], 'x'), 405, $page, 'a method that files do not have');
    readable($http->get('/p/address', @good, @from), 403, $page, 'denied for another reason');
    readable($http->get('/tenant/x.html', @good, @from, Range => 'bytes=900-'), 416, $page, 'a range that is not there');
    my $etag = $http->get('/tenant/x.html', @good)->header('ETag');
    my $same = $http->get('/tenant/x.html', @good, @from, 'If-None-Match' => $etag);
    is $same->status, 304, 'unchanged';
    is_deeply [ $same->headers('Access-Control-Allow-Origin') ], [$page], 'unchanged: one Access-Control-Allow-Origin';
    $backend->down;
    readable($http->get('/p/document', @good, @from), 503, $page, 'a backend that is down');
    $backend->up;
};

subtest 'preflights' => sub {
    my $flight = sub ($path, @fields) { return $http->request(OPTIONS => $path, \@fields) };
    my @ask = ('Access-Control-Request-Method' => 'POST');
    my $before = $backend->count;
    for my $auth ([], \@good, [ Authorization => 'Bearer' ]) {
        my $res = $flight->('/p/x', @from, @ask, @$auth, 'Access-Control-Request-Headers' => 'MCP-PARAM-Region,mcp-param-a_b, mcp-param-, mcp-param-a;b, Mcp-Param-é, x-mcp-param-c, authorization');
        is $res->status, 204, "with '@$auth'";
        my %allowed = map { $_ => 1 } words($res->header('Access-Control-Allow-Headers'));
        is_deeply [ grep { /mcp-param/ } sort keys %allowed ], [qw(mcp-param-a_b mcp-param-region)], 'the parameters that were asked for';
        ok $allowed{$_}, "and $_" for qw(authorization content-type mcp-protocol-version mcp-session-id last-event-id mcp-method mcp-name);
        is_deeply [ words($res->header('Vary')) ], [qw(access-control-request-headers origin)], 'Vary';
        is_deeply [ $res->headers('WWW-Authenticate') ], [], 'no challenge';
        is_deeply [ $res->headers('Content-Length') ], [], 'a 204 has no length';
    }
    for my $origin ('https://evil.example', 'null', "$page.evil.example", "$page:444", 'http://app.example.com', "https://app.example.com\@evil.example", "$page/", uc $page) {
        my $res = $flight->('/p/x', Origin => $origin, @ask);
        is $res->status, 403, "from $origin";
        is_deeply [ $res->headers('Access-Control-Allow-Origin') ], [], 'and may read nothing';
        is_deeply [ $res->headers('WWW-Authenticate') ], [], 'no challenge';
    }
    my $two = $flight->('/p/x', Origin => $page, Origin => $page, @ask);
    is $two->status, 403, 'two Origin fields, even when they are the same';
    is $flight->('/p/x', @from, 'Access-Control-Request-Method' => '')->status, 204, 'without a method';
    is $flight->('/p/star', Origin => 'null', @ask)->header('Access-Control-Allow-Origin'), '*', 'null under *';
    is $flight->('/p/own', Origin => $own, @ask)->header('Access-Control-Allow-Origin'), $own, 'the own origin, listed';
    is $flight->('/p/own', @from, @ask)->status, 403, 'a list replaces that of the section around it';
    is $backend->count, $before, 'the backend saw nothing of all this';
};

done_testing;
