#!/usr/bin/perl
# Every kind of challenge the module emits, read by the parsers of real clients: each must find the metadata, and the scope
# and error where it looks for them.

use v5.36;
use Test::More;
use MCPTest::Backend;
use MCPTest::Challenge qw(bearer complaints);
use MCPTest::Challenge::Clients qw(clients);
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;

my $backend = MCPTest::Backend->start;
my $key     = MCPTest::Key->get('P-256');
my $httpd   = MCPTest::Httpd->start(
    vars  => { BACKEND => $backend->url },
    files => { 'conf/keys.json' => MCPTest::Key::jwks($key) },
    conf  => <<'END');
<MCPIssuer "https://auth.example.com">
    MCPKeys file:@ROOT@/conf/keys.json
    MCPScopePrefix api://files/
</MCPIssuer>
ProxyPass / @BACKEND@/
<Location "/plain">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/plain
    Require valid-user
</Location>
<Location "/scopes">
    AuthType MCP
    AuthName "Files of (example) Ltd; read/write"
    MCPResource http://127.0.0.1:@PORT@/scopes
    MCPScopeImplies all write read
    Require mcp-scope read write
    Require mcp-any-scope list find
</Location>
<Location "/hostile-name">
    AuthType MCP
    AuthName "scope=\"x\", error=invalid, resource_metadata=y"
    MCPResource http://127.0.0.1:@PORT@/hostile-name
    Require mcp-scope read
</Location>
<Location "/extra">
    AuthType MCP
    AuthName "extra"
    MCPResource http://127.0.0.1:@PORT@/extra
    MCPChallengeParam tenant "a b"
    MCPChallengeParam ui_hint consent
    <RequireAll>
        Require mcp-scope openid read
        Require mcp-role editor
    </RequireAll>
</Location>
<Location "/own">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/own
    Require valid-user
</Location>
END

my $http = MCPTest::HTTP->new($httpd->url);
my $jwt  = MCPTest::JWT->new(key => $key, iss => 'https://auth.example.com');

sub metadata ($path) { return $httpd->url("/.well-known/oauth-protected-resource$path") }
sub token ($path, %claims) { return [ Authorization => 'Bearer ' . $jwt->mint(aud => $httpd->url($path), %claims) ] }


# name, path, request fields, status, scope, error, what the backend adds
my @rows = (
    [ 'no token',                     '/plain', [], 401, undef, undef ],
    [ 'no token, a slash',            '/plain/', [], 401, undef, undef ],
    [ 'expired',                      '/plain', token('/plain', exp => 1), 401, undef, 'invalid_token' ],
    [ 'malformed credentials',        '/plain', [ Authorization => 'Bearer' ], 400, undef, 'invalid_request' ],
    [ 'scopes, realm',                '/scopes', [], 401, 'api://files/read api://files/write api://files/list api://files/find', undef ],
    [ 'scopes missing',               '/scopes', token('/scopes', scope => 'none'), 403,
        'api://files/read api://files/write api://files/list api://files/find', 'insufficient_scope' ],
    [ 'a realm that would mislead',   '/hostile-name', [], 401, 'api://files/read', undef ],
    [ 'extra parameters',             '/extra', [], 401, 'openid api://files/read', undef ],
    [ 'a role missing',               '/extra', token('/extra', scope => 'openid read'), 403, 'openid api://files/read editor', 'insufficient_scope' ],
    [ "the backend's, completed",     '/own', token('/own'), 401, 'x y', 'invalid_token',
        { status => 401, headers => [ [ 'WWW-Authenticate', 'Bearer error="invalid_token", scope="x y"' ] ] } ],
    [ "the backend's bare one",       '/own', token('/own'), 401, undef, undef,
        { status => 401, headers => [ [ 'WWW-Authenticate', 'Bearer' ] ] } ],
    [ "ours for a backend without",   '/own', token('/own'), 401, undef, undef, { status => 401, body => 'no' } ],
    [ "the backend's 403, completed", '/own', token('/own'), 403, 'z', 'insufficient_scope',
        { status => 403, headers => [ [ 'WWW-Authenticate', 'Bearer error="insufficient_scope", scope="z"' ] ] } ],
);

# What each client looks for besides the metadata.
my %reads = (
    sdk_1_24 => [qw(scope error)], sdk_2_4 => [qw(scope error)], ai_sdk => ['scope'], mcp_remote => ['scope'], csharp => ['scope'], go => ['scope'],
);

for my $row (@rows) {
    my ($name, $path, $fields, $status, $scope, $error, $reply) = @$row;
    $backend->reply($path => $reply);
    my $res    = $http->post_json($path, { id => 1 }, @$fields);
    my @fields = $res->headers('WWW-Authenticate');
    my $want   = metadata($path);
    is $res->status, $status, "$name: status";
    is_deeply [ complaints(@fields) ], [], "$name: written for the weakest parser" or diag @fields;
    for my $client (sort keys %{ clients() }) {
        my $seen = clients()->{$client}->($httpd->url($path), @fields);
        is $seen->{fatal}, undef, "$name: $client goes on";
        is $seen->{resource_metadata}, $want, "$name: $client finds the metadata";
        for my $what (@{ $reads{$client} // [] }) {
            is $seen->{$what}, $what eq 'scope' ? $scope : $error, "$name: $client reads the $what" if exists $seen->{$what} || ($what eq 'scope' && defined $scope);
        }
    }
    $backend->reply($path => undef);
}

my $params = bearer($http->get('/extra')->headers('WWW-Authenticate'))->{param};
is $params->{tenant}, 'a b', 'MCPChallengeParam';
is $params->{ui_hint}, 'consent', 'a second one';

done_testing;
