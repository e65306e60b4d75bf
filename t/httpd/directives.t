#!/usr/bin/perl
# What each directive does: with its effect, without it, and inherited or replaced in a section below.

use v5.36;
use Test::More;
use MCPTest::AS;
use MCPTest::Backend;
use MCPTest::Challenge 'bearer';
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;
use MCPTest::Util qw(slurp spew tempdir);

my $backend = MCPTest::Backend->start;
my ($rsa, $ec, $ed) = map { MCPTest::Key->get($_) } 'RSA-2048', 'P-256', 'Ed25519';
my $secret = 'a secret of more than thirty-two bytes, with a line end behind';
my $dir    = tempdir();
spew("$dir/secret", "$secret\n", 0600);
my $as     = MCPTest::AS->start(keys => [$rsa]);
my $slow   = MCPTest::AS->start(keys => [$rsa]);
$slow->behave(metadata => 'hang');
my $httpd = MCPTest::Httpd->start(
    vars  => { BACKEND => $backend->url, AS => $as->issuer, SLOW => $slow->issuer, SECRET => "$dir/secret" },
    files => {
        'conf/keys.json' => MCPTest::Key::jwks($rsa, $ec, $ed),
        'conf/rsa.pem'   => $rsa->public_pem,
        'conf/ec.crt'    => slurp($ec->cert_file),
    },
    conf => <<'END');
MCPTimeout 500ms
MCPAllowHTTP auth.internal other.internal
MCPClaim user uid sub
MCPProfile keycloak
MCPIssuer @AS@
MCPIssuer @SLOW@
MCPIssuer http://auth.internal/as
<MCPIssuer "https://keys.example">
    MCPKeys file:@ROOT@/conf/keys.json
</MCPIssuer>
<MCPIssuer "https://narrow.example">
    MCPKeys file:@ROOT@/conf/keys.json
    MCPAlgorithms ES256 EdDSA
    MCPTokenType at+jwt
</MCPIssuer>
<MCPIssuer "https://pem.example">
    MCPKeys file:@ROOT@/conf/rsa.pem file:@ROOT@/conf/ec.crt
</MCPIssuer>
<MCPIssuer "https://secret.example">
    MCPSharedSecret file:@SECRET@
</MCPIssuer>
<MCPIssuer "https://okta.example">
    MCPKeys file:@ROOT@/conf/keys.json
    MCPProfile okta
</MCPIssuer>
<MCPIssuer "https://plain.example">
    MCPProfile none
    MCPKeys file:@ROOT@/conf/keys.json
</MCPIssuer>
<MCPIssuer "https://claims.example">
    MCPKeys file:@ROOT@/conf/keys.json
    MCPClaim scope permissions
    MCPClaim role realm_access.roles
    MCPClaim user email
    MCPClaim client app.id
    MCPClaim audience client_id
    MCPScopePrefix api://files/
</MCPIssuer>
ProxyPass / @BACKEND@/
<Location "/">
    AuthType MCP
    AuthName "outer"
    MCPResource http://127.0.0.1:@PORT@/
    MCPAudience api://outer
    MCPTrustIssuer @AS@ @SLOW@ https://keys.example https://narrow.example https://pem.example https://secret.example
    MCPClockSkew 10s
    MCPScopeImplies broad narrow
    MCPScopesSupported outer
    MCPMetadata resource_name outer
    MCPChallengeParam place outer
    MCPAllowOrigin https://outer.example
    MCPForwardClaim email X-Outer
    MCPForwardToken On
    MCPErrorBody default
    Require mcp-any-scope narrow read
</Location>
<Location "/silent">
    SetEnv SOMETHING else
</Location>
<Location "/inner">
    MCPResource http://127.0.0.1:@PORT@/inner
    MCPAudience api://inner
    MCPTrustIssuer https://claims.example https://keys.example
    MCPClockSkew 0
    MCPScopeImplies other narrow
    MCPScopesSupported inner
    MCPMetadata resource_policy_uri https://inner.example/
    MCPChallengeParam place inner
    MCPAllowOrigin https://inner.example
    MCPForwardClaim org.unit X-Inner
    MCPForwardToken Off
    MCPErrorBody jsonrpc
</Location>
<Location "/none">
    MCPAudience none
    MCPTrustIssuer none
    MCPScopeImplies none
    MCPScopesSupported none
    MCPMetadata none
    MCPChallengeParam none
    MCPAllowOrigin none
    MCPForwardClaim none
</Location>
Listen 127.0.0.1:@PORT2@
<VirtualHost 127.0.0.1:@PORT2@>
    MCPTokenType at+jwt
    MCPAlgorithms RS256
</VirtualHost>
Listen 127.0.0.1:@PORT3@
<VirtualHost 127.0.0.1:@PORT3@>
    MCPProfile cognito
</VirtualHost>
<Location "/profile">
    MCPTrustIssuer https://keys.example https://okta.example https://plain.example
    Require mcp-role r
</Location>
<Location "/noneclaim">
    MCPForwardClaim none
</Location>
<Location "/report">
    MCPMode report
    MCPForwardToken Off
</Location>
<Location "/report/bob">
    Require user bob
</Location>
<Location "/report/enforce">
    MCPMode enforce
</Location>
END

my $http = MCPTest::HTTP->new($httpd->url);
my $base = $httpd->url =~ s{/\z}{}r;
my $jwt  = MCPTest::JWT->new(key => $rsa, iss => 'https://keys.example', aud => "$base/", scope => 'read', email => 'a@b.example', org => { unit => 'x' });

sub ask ($path, %claims) { return $http->get($path, Authorization => 'Bearer ' . $jwt->mint(%claims)) }
sub status ($path, %claims) { return ask($path, %claims)->status }

subtest 'MCPIssuer, MCPKeys, MCPSharedSecret, MCPAlgorithms, MCPTokenType' => sub {
    is status('/', iss => $as->issuer), 200, 'keys that were discovered';
    is status('/', iss => 'https://keys.example', _key => $_), 200, 'a set in a file, ' . $_->alg for $rsa, $ec, $ed;
    is status('/', iss => 'https://pem.example', _key => $_), 200, 'PEM, ' . $_->alg for $rsa, $ec;
    is status('/', iss => 'https://pem.example', _key => $ed), 401, 'a key that is not there';
    is status('/', iss => 'https://narrow.example', _key => $ec), 200, 'MCPAlgorithms: listed';
    is status('/', iss => 'https://narrow.example'), 401, 'MCPAlgorithms: not listed';
    is status('/', iss => 'https://narrow.example', _key => $ec, _header => { typ => 'JWT' }), 401, 'MCPTokenType at+jwt';
    is status('/', _header => { typ => 'JWT' }), 200, 'MCPTokenType any';
    is status('/', iss => 'https://secret.example', _key => { hmac => $secret }, _alg => 'HS256'), 200, 'a shared secret';
    is status('/', iss => 'https://secret.example', _key => { hmac => $secret }, _alg => 'HS512'), 401, 'HS512 only when listed';
    is status('/', iss => 'https://secret.example', _key => { hmac => "$secret\n" }, _alg => 'HS256'), 401, 'its line end does not count';
    is status('/', iss => 'https://secret.example'), 401, 'no public key beside a secret';
    is status('/', iss => 'https://keys.example', _key => { hmac => $rsa->public_pem }, _alg => 'HS256'), 401, 'no secret beside keys';
};

subtest 'settings of a virtual host count for the issuers it inherits' => sub {
    my $host = MCPTest::HTTP->new($httpd->port(2));
    my $ask  = sub (%how) { return $host->get('/noneclaim', Authorization => 'Bearer ' . $jwt->mint(%how))->status };
    is $ask->(), 200, 'RS256, at+jwt';
    is $ask->(_key => $ec), 401, 'MCPAlgorithms';
    is $ask->(_header => { typ => 'JWT' }), 401, 'MCPTokenType';
    ok $httpd->wait_log(qr/: typ, token \w+, expected typ "at\+jwt", which MCPTokenType asks for/), 'and the log says so';
    is status('/noneclaim', _key => $ec, _header => { typ => 'JWT' }), 200, 'and for no other server';
};

subtest 'MCPTimeout' => sub {
    my $start = time;
    is status('/', iss => $slow->issuer), 503, 'an issuer that hangs';
    cmp_ok time - $start, '<=', 3, 'costs a bounded time';
    is status('/'), 200, 'and nobody else anything';
};

subtest 'MCPClaim, MCPScopePrefix, MCPTrustIssuer' => sub {
    my %claims = (iss => 'https://claims.example', aud => 'elsewhere', client_id => "$base/inner", permissions => ['api://files/read'],
        scope => 'nothing', email => 'u@x.example', realm_access => { roles => ['r'] }, app => { id => 'c-1' });
    is status('/inner', %claims), 200, 'audience, scope and user from other claims';
    is status('/inner', %claims, client_id => 'x'), 401, 'another audience';
    is status('/inner', %claims, permissions => ['x']), 403, 'another scope';
    is status('/inner', %claims, email => undef), 401, 'no user';
    is status('/', %claims, client_id => "$base/"), 401, 'not trusted in the outer section';
    is bearer($http->get('/inner')->headers('WWW-Authenticate'))->{param}{scope}, 'api://files/narrow api://files/read', 'the prefix in the challenge';
    is status('/', without => ['sub'], uid => 'u'), 200, 'MCPClaim for all issuers of the server';
    is status('/', without => [ 'sub', 'client_id' ]), 401, 'instead of the default';
    is status('/none'), 401, 'MCPTrustIssuer none: nobody';
};

subtest 'MCPProfile' => sub {
    my %role = (keycloak => { realm_access => { roles => ['r'] } }, okta => { groups => ['r'] }, none => { roles => ['r'] },
        cognito => { 'cognito:groups' => ['r'], token_use => 'access' });
    my $host = MCPTest::HTTP->new($httpd->port(3));
    my $ask  = sub ($server, $issuer, $role) {
        return $server->get('/profile', Authorization => 'Bearer ' . $jwt->mint(iss => "https://$issuer.example", %{ $role{$role} }))->status;
    };
    is $ask->($http, 'keys', 'keycloak'), 200, 'for all issuers of the server';
    is $ask->($http, 'keys', 'none'), 403, 'instead of the default';
    is $ask->($http, 'okta', 'okta'), 200, 'replaced in <MCPIssuer>';
    is $ask->($http, 'okta', 'keycloak'), 403, 'as a whole';
    is $ask->($http, 'plain', 'none'), 200, 'none';
    is $ask->($http, 'plain', 'keycloak'), 403, 'nothing is left of the inherited one';
    is $ask->($host, 'keys', 'cognito'), 200, 'replaced in a virtual host, for the issuers it inherits';
    is $ask->($host, 'keys', 'keycloak'), 401, 'with what it asks of a token';
    is $ask->($host, 'okta', 'okta'), 200, 'but not what the issuer says itself';
    is $ask->($host, 'plain', 'none'), 200, 'nor none';
    is $ask->($http, 'keys', 'keycloak'), 200, 'and for no other server';
};

subtest 'MCPResource, MCPAudience' => sub {
    is status($_->[0], aud => $_->[1]), $_->[2], "$_->[0] for $_->[1]"
        for [ '/', 'api://outer', 200 ], [ '/silent', 'api://outer', 200 ], [ '/silent', "$base", 200 ], [ '/', "$base/x", 401 ], [ '/inner', 'api://inner', 200 ],
            [ '/inner', 'api://outer', 401 ], [ '/inner', "$base/", 401 ], [ '/inner', "$base/inner", 200 ], [ '/inner', "$base/inner/", 200 ];
};

subtest 'MCPClockSkew' => sub {
    is status('/silent', exp => time - 5), 200, 'inherited';
    is status('/silent', exp => time - 15), 401, 'and exceeded';
    is status('/inner', aud => "$base/inner", exp => time - 5), 401, 'replaced';
    is status('/silent', nbf => time + 5), 200, 'the same for nbf';
    is status('/silent', nbf => time + 60), 401, 'and exceeded';
};

subtest 'MCPScopeImplies, MCPScopesSupported, MCPMetadata, MCPChallengeParam' => sub {
    is status('/silent', scope => 'broad'), 200, 'implied, inherited';
    is status('/inner', aud => "$base/inner", scope => 'broad'), 403, 'replaced';
    is status('/inner', aud => "$base/inner", scope => 'other'), 200, 'by another';
    my $document = sub ($path) { return $http->get("/.well-known/oauth-protected-resource$path")->json };
    is_deeply $document->('/silent')->{scopes_supported}, ['outer'], 'scopes inherited';
    is_deeply $document->('/inner')->{scopes_supported}, ['api://files/inner'], 'replaced';
    is_deeply $document->('/none')->{scopes_supported}, undef, 'none';
    is $document->('/silent')->{resource_name}, 'outer', 'a member inherited';
    is $document->('/inner')->{resource_name}, undef, 'replaced as a whole';
    is $document->('/inner')->{resource_policy_uri}, 'https://inner.example/', 'by another';
    is $document->('/none')->{resource_name}, undef, 'none';
    my $place = sub ($path) { return bearer($http->get($path)->headers('WWW-Authenticate'))->{param}{place} };
    is $place->('/silent'), 'outer', 'a parameter inherited';
    is $place->('/inner'), 'inner', 'replaced';
    is $place->('/none'), undef, 'none';
};

subtest 'MCPAllowOrigin, MCPErrorBody' => sub {
    my $origin = sub ($path, $from) { return $http->get($path, Origin => "https://$from.example")->status };
    is $origin->('/silent', 'outer'), 401, 'inherited';
    is $origin->('/inner', 'outer'), 403, 'replaced';
    is $origin->('/inner', 'inner'), 401, 'by another';
    is $origin->('/none', 'outer'), 403, 'none';
    like $http->get('/silent')->header('Content-Type'), qr{^text/html}, 'a page, inherited';
    is $http->get('/inner')->header('Content-Type'), 'application/json', 'JSON-RPC, replaced';
};

subtest 'MCPForwardClaim, MCPForwardToken' => sub {
    ask('/silent', email => 'a@b.example');
    is_deeply [ map { $backend->seen($_) } qw(X-Outer X-MCP-Subject X-Inner) ], ['a@b.example'], 'inherited, instead of the default';
    like +($backend->seen('Authorization'))[0], qr/^Bearer /, 'the token as well';
    ask('/inner', aud => "$base/inner");
    is_deeply [ map { $backend->seen($_) } qw(X-Outer X-Inner Authorization) ], ['x'], 'replaced, the token kept back';
    $http->get('/noneclaim', Authorization => 'Bearer ' . $jwt->mint, 'X-Outer' => 'forged', 'x_inner' => 'forged');
    is_deeply [ map { $backend->seen($_) } qw(X-Outer X-Inner x_inner X-MCP-Subject) ], [], 'none, and nothing forged';
};

subtest 'MCPMode' => sub {
    my $seen = sub ($path, @fields) { $httpd->mark; return $http->get($path, @fields)->status };
    is $seen->('/report'), 200, 'no token';
    ok $httpd->wait_log(qr/MCP0200: would refuse GET \/report: no_credentials/), 'is logged';
    is_deeply [ $backend->seen('X-Outer') ], [], 'nobody is vouched for';
    is $seen->('/report', Authorization => 'Bearer ' . $jwt->mint(exp => 1)), 200, 'expired';
    ok $httpd->wait_log(qr/would refuse GET \/report: exp/), 'is logged';
    is_deeply [ $backend->seen('Authorization') ], [], 'the token goes nowhere';
    is $seen->('/report', Authorization => 'Bearer ' . $jwt->mint(scope => 'x')), 200, 'a scope missing';
    ok $httpd->wait_log(qr/would refuse GET \/report: insufficient_scope/), 'is logged';
    is_deeply [ $backend->seen('X-Outer') ], ['a@b.example'], 'the identity is verified all the same';
    is $seen->('/report', Origin => 'https://evil.example'), 200, 'a foreign origin';
    ok $httpd->wait_log(qr/would refuse GET \/report: origin/), 'is logged';
    is $http->get('/report/bob')->status, 403, "another module's rule holds, without a token";
    is status('/report/bob'), 403, 'and with one';
    is $http->get('/report/enforce')->status, 401, 'enforce below report';
};

done_testing;
