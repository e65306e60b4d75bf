#!/usr/bin/perl
# The same path in other words, other hosts in other fields, HTTP/2, and connections that break off: none of them is a way in.

use v5.36;
use Test::More;
use MCPTest::AS;
use MCPTest::Backend;
use MCPTest::Challenge 'bearer';
use MCPTest::Curl 'curl';
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;

my $backend = MCPTest::Backend->start;
my $key     = MCPTest::Key->get('P-256');
my $hang    = MCPTest::AS->start(keys => [$key]);
$hang->behave(metadata => 'hang');
my $httpd   = MCPTest::Httpd->start(
    vars    => { BACKEND => $backend->url, HANG => $hang->issuer },
    files   => { 'conf/keys.json' => MCPTest::Key::jwks($key) },
    modules => [ ($ENV{MPM} // '') eq 'prefork' ? () : 'http2' ],
    conf    => <<'END');
MCPTimeout 2s
MCPIssuer @HANG@
<MCPIssuer "https://auth.example.com">
    MCPKeys file:@ROOT@/conf/keys.json
</MCPIssuer>
<IfModule http2_module>
    Protocols h2c http/1.1
</IfModule>
<Location "/pp">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/pp
    Require mcp-scope a
    ProxyPass @BACKEND@/pp
</Location>
<Location "/nobody">
    AuthType None
    Require valid-user
</Location>
<VirtualHost 127.0.0.1:@PORT@>
    ServerName a.example
</VirtualHost>
<VirtualHost 127.0.0.1:@PORT@>
    ServerName b.example
    <Location "/pp">
        MCPResource http://127.0.0.1:@PORT@/other
        Require mcp-scope b
    </Location>
</VirtualHost>
END
my $http = MCPTest::HTTP->new($httpd->url);
my $jwt  = MCPTest::JWT->new(key => $key, iss => 'https://auth.example.com', aud => $httpd->url('/pp'), scope => 'a');
my @good = (Authorization => 'Bearer ' . $jwt->mint);

# H-23: however the path is written, nothing is behind it without a token. H-24: ProxyPass inside of <Location> is tight.
for my $target ('/pp', '//pp', '/./pp', '/x/../pp', '/%70p', '/pp/', '/pp;x', '/pp%3bx', '/PP', '/pp%00', '/pp%2f', '/pp%2fx', '/pp.', '/\\pp', '/pp\\x', '/%2570p',
    '/pp?', '/pp?x', '/pp%0a', '/pp%0d%0aX: y', '/ppx', '/pp/../pp/x', '/pp/%2e%2e/pp', 'http://a.example/pp', 'http://b.example//pp', '/.well-known/../pp', '/pp/.well-known/x') {
    my ($res) = $http->raw("GET $target HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n");
    cmp_ok $res->status, '>=', 400, "H-23 $target";
}
is $backend->count, 0, 'H-23 H-24 the backend has seen nothing';
is $http->get('/nobody')->status, 500, 'H-07 AuthType None with Require left is closed';

# H-30: what the client says about hosts is not repeated.
for my $field ('Host', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'Forwarded', 'X-Forwarded-Server', 'X-Forwarded-Port') {
    my $res = $http->get('/pp', $field => $field eq 'X-Forwarded-Proto' ? 'gopher' : 'evil.example"x');
    next if $res->status == 400 && $field eq 'Host';
    is bearer($res->headers('WWW-Authenticate'))->{param}{resource_metadata}, $httpd->url('/.well-known/oauth-protected-resource/pp'), "H-30 $field";
}
my $document = $http->get('/.well-known/oauth-protected-resource/pp', Host => 'evil.example', 'X-Forwarded-Host' => 'evil.example')->body;
unlike $document, qr/evil/, 'H-30 nor in the metadata';

# H-33: the virtual host that httpd chose decides.
is $http->get('/pp', @good, Host => 'a.example')->status, 200, 'H-33 a token for a, at a';
is $http->get('/pp', @good, Host => 'b.example')->status, 401, 'H-33 a token for a, at b';

# A-14, A-20, A-22, A-26: what is left of the Authorization field.
my ($blank) = $http->raw("GET /pp HTTP/1.1\r\nHost: a\r\nAuthorization : $good[1]\r\nConnection: close\r\n\r\n");
is $blank->status, 400, 'A-14 a blank before the colon';
is $http->get('/pp?access_token=nonsense', @good)->status, 200, "A-20 the field's token counts";
is $http->get('/pp?access_token=' . $jwt->mint, Authorization => 'Bearer nonsense')->status, 401, "A-20 and not the query's";
my ($trailer) = $http->raw("POST /pp HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\r\na\r\n0\r\nAuthorization: $good[1]\r\n\r\n");
is $trailer->status, 401, 'A-22 in a trailer';
SKIP: {
    skip 'mod_http2 does not work with prefork', 4 if ($ENV{MPM} // '') eq 'prefork';
    my @h2 = ($httpd->url('/pp'), '--http2-prior-knowledge');
    is curl(@h2)->status, 401, 'H-25 HTTP/2 without a token';
    is curl(@h2, '-H', "authorization: $good[1]")->status, 200, 'H-25 and with one';
    is curl(@h2, '-H', "authorization: $good[1]", '-H', "authorization: $good[1]")->status, 400, 'A-26 two fields';
    is curl($httpd->url('/pp'), '--http2')->status, 401, 'H-25 an upgrade to h2c';
}

# H-44: clients that leave while keys are awaited.
my ($token) = $jwt->mint(iss => $hang->issuer);
for (1 .. 3) {
    my $stream = $http->open(GET => '/pp', [ Authorization => "Bearer $token" ]);
    $stream->close;
}
is $http->get('/pp', @good)->status, 200, 'H-44 others are served';
is $http->get('/pp', Authorization => "Bearer $token")->status, 503, 'H-44 and the next to ask as well';

done_testing;
