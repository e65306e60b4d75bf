#!/usr/bin/perl
# Section A, H-21, H-26, H-27, J-08. What strangers send: every kind of Authorization field, bodies that must not be read too far, connections that go on. The
# next request is always served, and no log has a credential, at any level.

use v5.36;
use Test::More;
use MCPTest::Backend;
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;

my $backend = MCPTest::Backend->start;
my $key     = MCPTest::Key->get('RSA-2048');
my $httpd   = MCPTest::Httpd->start(
    vars      => { BACKEND => $backend->url },
    files     => { 'conf/keys.json' => MCPTest::Key::jwks($key) },
    log_level => 'info auth_mcp:trace8',
    conf      => <<'END');
<MCPIssuer "https://auth.example.com">
    MCPKeys file:@ROOT@/conf/keys.json
</MCPIssuer>
TraceEnable off
<Location "/mcp">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/mcp
    Require mcp-scope a
    ProxyPass @BACKEND@/mcp
</Location>
END
my $http  = MCPTest::HTTP->new($httpd->url);
my $jwt   = MCPTest::JWT->new(key => $key, iss => 'https://auth.example.com', aud => $httpd->url('/mcp'), scope => 'a');
my $token = $jwt->mint;
my ($head, $body, $sig) = split /\./, $token;
my $big = $jwt->mint(groups => [ map { "group-$_-of-many" } 1 .. 230 ]);

# name, Authorization fields, status
my @rows = (
    [ 'A-03 lower case',            ["bearer $token"], 200 ],
    [ 'A-03 upper case',            ["BEARER $token"], 200 ],
    [ 'A-04 several blanks',        ["Bearer    $token"], 200 ],
    [ 'A-05 white space around',    ["\t Bearer $token \t"], 200 ],
    [ 'A-06 a tab between',         ["Bearer\t$token"], 400 ],
    [ 'A-02 the scheme alone',      ['Bearer'], 400 ],
    [ 'A-02 empty',                 [''], 400 ],
    [ 'A-07 the same twice',        [ "Bearer $token", "Bearer $token" ], 400 ],
    [ 'A-07 bad and good',          [ 'Bearer x', "Bearer $token" ], 400 ],
    [ 'A-07 Basic and Bearer',      [ 'Basic YTpi', "Bearer $token" ], 400 ],
    [ 'A-07 empty and good',        [ '', "Bearer $token" ], 400 ],
    [ 'A-08 a comma behind',        ["Bearer $token,"], 400 ],
    [ 'A-08 two in one',            ["Bearer $token, Bearer $token"], 400 ],
    [ 'A-09 two words',             ["Bearer $token x"], 400 ],
    [ 'A-09 a parameter',           ["Bearer $token realm=x"], 400 ],
    [ 'A-09 quotes',                ["Bearer \"$token\""], 400 ],
    [ 'A-09 percent-encoded dots',  [ 'Bearer ' . $token =~ s/\./%2e/gr ], 400 ],
    [ 'A-10 latin-1',               ["Bearer $token\xe9"], 400 ],
    [ 'A-10 a non-breaking space',  ["Bearer\xc2\xa0$token"], 401 ],
    [ 'A-11 NUL',                   ["Bearer $token\0"], 400 ],
    [ 'A-12 a fold before',         ["Bearer\r\n $token"], 200 ],
    [ 'A-13 a fold inside',         ["Bearer $head.$body\r\n .$sig"], 400 ],
    [ 'A-15 the token alone',       [$token], 401 ],
    ( map { [ "A-15 $_", ["$_ $token"], 401 ] } 'Token', 'JWT', 'OAuth', 'BearerX', 'Bearer:', 'Bearer=' ),
    [ 'A-16 Basic',                 ['Basic YTpi'], 401 ],
    [ 'A-16 Digest',                ['Digest username="a", realm="b"'], 401 ],
    [ 'A-17 DPoP',                  ["DPoP $token"], 401 ],
    [ 'A-24 dots',                  [ 'Bearer ' . 'a' . '.' x 7500 ], 401 ],
    [ 'A-24 a header and dots',     [ "Bearer $head" . '.' x 6000 ], 401 ],
    [ 'A-23 too long for httpd',    [ 'Bearer ' . 'a' x 9000 ], 400 ],
    [ 'A-27 a large token',         ["Bearer $big"], 200 ],
    [ 'A-28 an opaque token',       ['Bearer 2YotnFZFEjr1zCsicMWpAA'], 401 ],
    [ 'padding',                    ["Bearer $token=="], 401 ],
    [ 'standard base64',            [ 'Bearer ' . $token =~ tr/-_/+\//r . '+/' ], 401 ],
    [ 'a fourth part',              ["Bearer $token."], 401 ],
);
for my $row (@rows) {
    my ($name, $fields, $status) = @$row;
    my $before = $backend->count;
    my $raw    = join '', map { "Authorization: $_\r\n" } @$fields;
    my ($res)  = $http->raw("GET /mcp HTTP/1.1\r\nHost: h\r\n${raw}Connection: close\r\n\r\n");
    is $res->status, $status, $name or diag $res->summary;
    is $backend->count - $before, $status == 200 ? 1 : 0, "$name: the backend";
}
for my $field ("Proxy-Authorization: Bearer $token", "X-Forwarded-Authorization: Bearer $token", "X-Access-Token: $token", "Cookie: access_token=$token",
    "X-Original-URL: /open", "X-HTTP-Method-Override: OPTIONS", "X-Forwarded-Uri: /x") {
    my ($name, $value) = split /: /, $field, 2;
    is $http->get('/mcp', $name => $value)->status, 401, "A-18 A-29 $name is no credential";
}
is $http->get('/mcp', Connection => 'Authorization', Authorization => "Bearer $token")->status, 200, 'A-25 Connection: Authorization';
is $http->get('/mcp?access_token=' . $jwt->mint)->status, 401, 'A-19 in the query';
is $http->request(POST => '/mcp', [ 'Content-Type' => 'application/x-www-form-urlencoded' ], "access_token=$token")->status, 401, 'A-21 in a form';
is $http->post_json('/mcp', { access_token => $token })->status, 401, 'A-21 in JSON';
is $http->request($_ => '/mcp', [])->status, 401, "method $_" for qw(GET HEAD POST PUT DELETE PATCH PROPFIND FOO TRACE);

# The id of a refused request.
my @ids = (
    [ '{"id":7}', 7 ], [ '{"id":"a\u0022b\r\n"}', "a\"b\r\n" ], [ '{"id":"' . 'x' x 64 . '"}', 'x' x 64 ], [ '{"id":"' . 'x' x 65 . '"}', undef ],
    [ '{"id":null}', undef ], [ '{"id":{"a":1}}', undef ], [ '{"id":1.5}', undef ], [ '{"id":1,"id":2}', undef ], [ '[{"id":1}]', undef ],
    [ '{"id":1', undef ], [ '', undef ], [ "\xff", undef ], [ '{"id":99999999999999999999999}', undef ], [ '{"id":-1}', -1 ], [ '{"id":"<script>"}', '<script>' ],
);
for my $case (@ids) {
    my $res = $http->post_json('/mcp', $case->[0]);
    is $res->status, 401, 'refused: ' . substr $case->[0], 0, 40;
    is $res->json->{id}, $case->[1], 'its id';
    ok exists $res->json->{id}, 'is always there';
}
is $http->request(POST => '/mcp', [ 'Content-Type' => 'text/plain' ], '{"id":7}')->json->{id}, undef, 'no id of another type';
is $http->request(POST => '/mcp', [ 'Content-Type' => 'application/json' ], undef, chunked => ['{"id":7}'])->json->{id}, undef, 'nor of chunks';
is $http->post_json('/mcp', '{"id":7,"x":"' . 'x' x 65_520 . '"}')->json->{id}, 7, 'up to 64 KiB';
is $http->post_json('/mcp', '{"id":7,"x":"' . 'x' x 65_540 . '"}')->json->{id}, undef, 'and no further';

# H-26, H-27: no 100 for a refused body; what follows on the connection is a request of its own.
my $res = $http->request(POST => '/mcp', [ 'Content-Type' => 'application/json' ], '{"id":7}', expect => 1);
is $res->status, 401, 'Expect: 100-continue is answered 401';
is_deeply [ $res->interim ], [], 'without 100';
my @both = $http->pipeline([ POST => '/mcp', [ 'Content-Type' => 'application/json' ], '{"id":"GET /mcp HTTP/1.1"}' ],
    [ POST => '/mcp', [ 'Content-Type' => 'text/plain' ], "GET /mcp HTTP/1.1\r\nHost: h\r\n\r\n" ], [ GET => '/mcp', [ Authorization => "Bearer $token" ] ]);
is_deeply [ map { $_->status } @both ], [ 401, 401, 200 ], 'three requests in one connection';

my $log = $httpd->error_log(all => 1) . $httpd->access_log(all => 1);
unlike $log, qr/\Q$_\E/, 'no log has it' for $sig, $body, substr($big, -60);
like $log, qr/MCP0200: refused GET \/mcp: bad_scheme$/m, 'though refusals are there';

done_testing;
