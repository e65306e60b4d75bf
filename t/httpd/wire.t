#!/usr/bin/perl
# H-01, H-20, H-22, H-29, J-03, J-04. Every row of the wire table: the status, the challenge, the body and the fields that each refusal carries.

use v5.36;
use Test::More;
use MCPTest::AS;
use MCPTest::Backend;
use MCPTest::Challenge qw(bearer complaints);
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;

my $backend = MCPTest::Backend->start;
my $key     = MCPTest::Key->get('RSA-2048');
my $away    = MCPTest::AS->start(keys => [$key]);
$away->down;
my $httpd = MCPTest::Httpd->start(
    vars  => { BACKEND => $backend->url, AWAY => $away->issuer },
    files => { 'conf/keys.json' => MCPTest::Key::jwks($key) },
    access_format => '%U %{MCP_DECISION}e %{MCP_REASON}e',
    conf          => <<'END');
LimitRequestFieldSize 32768
MCPIssuer @AWAY@
<MCPIssuer "https://auth.example.com">
    MCPKeys file:@ROOT@/conf/keys.json
</MCPIssuer>
ProxyPass /mcp @BACKEND@/mcp
<Location "/mcp">
    AuthType MCP
    AuthName "Example files"
    MCPResource http://127.0.0.1:@PORT@/mcp
    MCPAllowOrigin https://app.example.com
    Require mcp-scope files:read files:write
</Location>
<Location "/mcp/role">
    Require mcp-role editor
</Location>
<Location "/mcp/claim">
    Require mcp-claim department sales
</Location>
<Location "/mcp/user">
    Require user bob
</Location>
<Location "/mcp/address">
    Require ip 192.0.2.1
</Location>
<Location "/mcp/nothing">
    AuthMerging Off
</Location>
<Location "/nowhere">
    AuthType MCP
    Require valid-user
</Location>
END

my $http     = MCPTest::HTTP->new($httpd->url);
my $resource = $httpd->url('/mcp');
my $metadata = $httpd->url('/.well-known/oauth-protected-resource/mcp');
my $jwt      = MCPTest::JWT->new(key => $key, iss => 'https://auth.example.com', aud => $resource, scope => 'files:read files:write');
my @good     = (Authorization => 'Bearer ' . $jwt->mint);
my $both     = 'files:read files:write';

sub token (%claims) { return [ Authorization => 'Bearer ' . $jwt->mint(%claims) ] }

# name, path, request fields, reason, status, error, error_description, scope, id in the body
my @rows = (
    [ 'no credentials',        '/mcp', [], 'no_credentials', 401, undef, undef, $both ],
    [ 'another scheme',        '/mcp', [ Authorization => 'Basic YTpi' ], 'bad_scheme', 401, undef, undef, $both ],
    [ 'empty credentials',     '/mcp', [ Authorization => 'Bearer' ], 'bad_credentials', 400, 'invalid_request', qr/Bearer followed by one token/, $both ],
    [ 'not a token68',         '/mcp', [ Authorization => 'Bearer "x"' ], 'bad_credentials', 400, 'invalid_request', qr/one token/, $both ],
    [ 'two fields',            '/mcp', [ @good, @good ], 'multiple_credentials', 400, 'invalid_request', qr/more than one/, $both ],
    [ 'no JWT',                '/mcp', [ Authorization => 'Bearer abc' ], 'malformed', 401, 'invalid_token', qr/not a well-formed JWT/, $both ],
    [ 'bad signature',         '/mcp', token(_signature => 'x' x 256), 'signature', 401, 'invalid_token', qr/signature of the token/, $both ],
    [ 'unknown issuer',        '/mcp', token(iss => 'https://evil.example'), 'iss', 401, 'invalid_token', qr/issuer/, $both ],
    [ 'unknown key',           '/mcp', token(_header => { kid => 'other' }), 'unknown_key', 401, 'invalid_token', qr/key that signed/, $both ],
    [ 'unknown algorithm',     '/mcp', token(_header => { alg => 'none' }), 'alg', 401, 'invalid_token', qr/algorithm/, $both ],
    [ 'too long',              '/mcp', [ Authorization => 'Bearer ' . 'a' x 16_385 ], 'token_too_long', 400, 'invalid_request', qr/too long/, $both ],
    [ 'a claim twice',         '/mcp', token(_payload_json => '{"iss":"a","iss":"b"}'), 'duplicate', 401, 'invalid_token', qr/duplicate/, $both ],
    [ 'encrypted',             '/mcp', [ Authorization => 'Bearer a.b.c.d.e' ], 'encrypted', 401, 'invalid_token', qr/Encrypted/, $both ],
    [ 'critical extension',    '/mcp', token(_header => { crit => ['x'], x => 1 }), 'crit', 401, 'invalid_token', qr/extension/, $both ],
    [ 'its own key',           '/mcp', token(_header => { jwk => $key->jwk }), 'key_in_token', 401, 'invalid_token', qr/own key/, $both ],
    [ 'no expiry',             '/mcp', token(without => ['exp']), 'exp_invalid', 401, 'invalid_token', qr/no valid expiry/, $both ],
    [ 'no user',               '/mcp', token(without => [ 'sub', 'client_id' ]), 'sub', 401, 'invalid_token', qr/no user/, $both ],
    [ 'expired',               '/mcp', token(exp => time - 60), 'exp', 401, 'invalid_token', qr/expired/, $both ],
    [ 'not yet valid',         '/mcp', token(nbf => time + 60), 'nbf', 401, 'invalid_token', qr/not yet valid/, $both ],
    [ 'wrong audience',        '/mcp', token(aud => "$resource/x"), 'aud', 401, 'invalid_token', qr/another resource/, $both ],
    [ 'wrong type',            '/mcp', token(_header => { typ => 'logout+jwt' }), 'typ', 401, 'invalid_token', qr/not an access token/, $both ],
    [ 'bound to a sender',     '/mcp', token(cnf => { jkt => 'x' }), 'bound', 401, 'invalid_token', qr/bound/, $both ],
    [ 'one scope missing',     '/mcp', token(scope => 'files:read'), 'insufficient_scope', 403, 'insufficient_scope', qr/lacks a scope/, $both ],
    [ 'role missing',          '/mcp/role', \@good, 'missing_role', 403, 'insufficient_scope', qr/lacks a role/, 'editor' ],
    [ 'claim missing',         '/mcp/claim', \@good, 'missing_claim', 403, 'insufficient_scope', qr/lacks a claim/, undef ],
    [ 'another user',          '/mcp/user', \@good, 'denied', 403 ],
    [ 'another address',       '/mcp/address', \@good, 'denied', 403 ],
    [ 'foreign origin',        '/mcp', [ @good, Origin => 'https://evil.example' ], 'origin', 403, undef, undef, undef, 'none' ],
    [ 'keys out of reach',     '/mcp', token(iss => $away->issuer), 'keys_unavailable', 503 ],
    [ 'no resource',           '/nowhere', [], 'misconfigured', 500 ],
);

sub check_challenge ($res, $row) {
    my ($name, undef, undef, undef, $status, $error, $description, $scope) = @$row;
    my @fields = $res->headers('WWW-Authenticate');
    my $due    = $status == 400 || $status == 401 || $error;
    is scalar @fields, $due ? 1 : 0, "$name: " . ($due ? 'one challenge' : 'no challenge');
    return if !$due;
    my %param = %{ bearer(@fields)->{param} };
    is $param{error}, $error, "$name: error";
    like $param{error_description}, $description, "$name: error_description" if $description;
    is $param{scope}, $scope, "$name: scope";
    is $param{resource_metadata}, $metadata, "$name: resource_metadata";
    is $param{realm}, 'Example files', "$name: realm";
    is_deeply [ complaints(@fields) ], [], "$name: every client can read it";
}

for my $row (@rows) {
    my ($name, $path, $fields, $reason, $status, $id) = @$row[ 0 .. 4, 8 ];
    $httpd->mark;
    my $before = $backend->count;
    my $res    = $http->post_json($path, { jsonrpc => '2.0', id => 'a-1', method => 'tools/list' }, @$fields);
    my $body   = $res->json // {};
    is $res->status, $status, "$name: status";
    check_challenge($res, $row);
    is $res->header('Content-Type'), 'application/json', "$name: JSON";
    is $res->header('Cache-Control'), 'no-store', "$name: not stored";
    is $body->{jsonrpc}, '2.0', "$name: JSON-RPC";
    is $body->{error}{code}, -32000, "$name: code";
    ok length $body->{error}{message}, "$name: message";
    is $id ? !exists $body->{id} : $body->{id} eq 'a-1', 1, "$name: id " . ($id ? 'left out' : 'echoed');
    is $backend->count, $before, "$name: the backend saw nothing";
    ok $res->header('Retry-After'), "$name: Retry-After" if $status == 503;
    ok $httpd->wait_log(qr/^\Q$path\E refused $reason$/m, 5, 'access_log'), "$name: MCP_REASON is $reason";
}

for my $method (qw(GET HEAD DELETE PUT PATCH)) {
    my $res = $http->request($method, '/mcp', []);
    is $res->status, 401, "$method without a token";
    ok bearer($res->headers('WWW-Authenticate')), "$method: challenge";
}
is $http->get("/mcp?access_token=" . $jwt->mint)->status, 401, 'a token in the query is no credential';

$httpd->mark;
is $http->get('/.well-known/oauth-protected-resource/else')->status, 404, 'no metadata for another path';
is $http->post_json('/.well-known/oauth-protected-resource/mcp', {})->status, 405, 'metadata is only read';
ok $httpd->wait_log(qr/ refused $_$/m, 5, 'access_log'), "MCP_REASON is $_" for qw(no_metadata method);

my $res = $http->post_json('/mcp', { id => 1 }, @good);
is $res->status, 200, 'a good token passes';
is_deeply [ $res->headers('WWW-Authenticate') ], [], 'without a challenge';
is_deeply [ $backend->seen('Authorization') ], [], 'and without the token';
is $res->header('Cache-Control'), 'private', 'what it was answered is private';

$res = $http->post_json('/mcp', { id => 1 }, @good, Origin => 'https://app.example.com');
is $res->status, 200, 'an allowed origin passes';
is $res->header('Access-Control-Allow-Origin'), 'https://app.example.com', 'and may read the answer';
like $res->header('Access-Control-Expose-Headers'), qr/WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version/, 'with its fields';

done_testing;
