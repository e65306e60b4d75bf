#!/usr/bin/perl
# D-30, J-12. MCPProfile: tokens as each provider makes them are read rightly, a wrong audience is explained in that provider's words, and
# what its tokens say of themselves is asked for.

use v5.36;
use JSON::PP ();
use Test::More;
use MCPTest::Backend;
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;

my $key     = MCPTest::Key->get('RSA-2048');
my $backend = MCPTest::Backend->start;

my $TENANT = '11111111-2222-4333-8444-555555555555';
my $APP    = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';
my $CLIENT = '1example23456789';
my %ISSUER = (
    entra1   => "https://sts.windows.net/$TENANT/",
    entra2   => "https://login.microsoftonline.com/$TENANT/v2.0",
    auth0    => 'https://example.eu.auth0.com/',
    okta     => 'https://example.okta.com/oauth2/default',
    keycloak => 'https://login.example.com/realms/staff',
    cognito  => 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_EXAMPLE00',
    none     => 'https://none.example',
    claims   => 'https://claims.example',
    turned   => 'https://turned.example',
);
my %LINES = (
    (map { ($_ => 'MCPProfile ' . s/\d\z//r) } qw(entra1 entra2 okta keycloak cognito)),
    auth0  => 'MCPProfile Auth0',
    none   => '',
    claims => "MCPProfile okta\n    MCPClaim role teams\n    MCPClaim client azp",
    turned => "MCPClaim client azp\n    MCPClaim role teams\n    MCPProfile okta",
);
my $issuers = join '', map { "<MCPIssuer \"$ISSUER{$_}\">\n    MCPKeys file:\@ROOT\@/conf/keys.json\n    $LINES{$_}\n</MCPIssuer>\n" } sort keys %ISSUER;

my $httpd = MCPTest::Httpd->start(
    log_level => 'warn auth_mcp:info',
    vars      => { BACKEND => $backend->url },
    files     => { 'conf/keys.json' => MCPTest::Key::jwks($key) },
    conf      => $issuers . <<"END");
ProxyPass / \@BACKEND\@/
<Location "/">
    AuthType MCP
    MCPResource https://mcp.example.com/mcp
    RequestHeader set X-User "expr=%{REMOTE_USER}"
    Require valid-user
</Location>
<Location "/more">
    MCPAudience api://default api://$APP $APP $CLIENT
</Location>
<Location "/more/scope">
    Require mcp-scope Files.Read
</Location>
<Location "/more/role">
    Require mcp-role editor
</Location>
END
my $http = MCPTest::HTTP->new($httpd->url);
my $url  = 'https://mcp.example.com/mcp';
my $now  = time;

# Payloads and headers as the providers make them, but for names and times. What stands behind is what the server makes of it.
my %TOKEN = (
    entra1 => {
        header => { typ => 'JWT', x5t => 'thumbprint' },
        claims => {
            aud => "api://$APP", iat => $now, nbf => $now, exp => $now + 4000, acr => '1', aio => 'AXQAi', amr => ['pwd'], appid => 'client-of-entra', appidacr => '0',
            family_name => 'Doe', given_name => 'Alice', idp => $ISSUER{entra1}, ipaddr => '192.0.2.1', name => 'Alice Doe', oid => 'object-of-alice', rh => '0.AXk', roles => ['editor'],
            scp => 'Files.Read Files.Write', sub => 'pairwise-of-alice', tid => $TENANT, unique_name => 'alice@example.com', upn => 'alice@example.com', uti => 'u', ver => '1.0',
        },
        is => { user => 'pairwise-of-alice', client => 'client-of-entra', scope => 'Files.Read Files.Write' },
    },
    entra2 => {
        header => { typ => 'JWT' },
        claims => {
            aud => $APP, iat => $now, nbf => $now, exp => $now + 4000, aio => 'AXQAi', azp => 'client-of-entra', azpacr => '0', name => 'Alice Doe', oid => 'object-of-alice',
            preferred_username => 'alice@example.com', rh => '0.AXk', roles => ['editor'], scp => 'Files.Read', sub => 'pairwise-of-alice', tid => $TENANT, uti => 'u', ver => '2.0',
        },
        is => { user => 'pairwise-of-alice', client => 'client-of-entra', scope => 'Files.Read' },
    },
    auth0 => {
        header => { typ => 'JWT' },
        claims => {
            sub => 'auth0|alice', aud => [ $url, 'https://example.eu.auth0.com/userinfo' ], iat => $now, exp => $now + 86400, azp => 'client-of-auth0', scope => 'openid Files.Read',
            permissions => ['editor'],
        },
        is => { user => 'auth0|alice', client => 'client-of-auth0', scope => 'openid Files.Read' },
    },
    okta => {
        header => { typ => undef },
        claims => {
            ver => 1, jti => 'AT.1', aud => 'api://default', iat => $now, exp => $now + 3600, cid => 'client-of-okta', uid => '00u1', scp => [ 'openid', 'Files.Read' ], auth_time => $now,
            sub => 'alice@example.com', groups => [ 'Everyone', 'editor' ],
        },
        is => { user => 'alice@example.com', client => 'client-of-okta', scope => 'openid Files.Read' },
    },
    keycloak => {
        header => { typ => 'JWT' },
        claims => {
            exp => $now + 300, iat => $now, jti => 'onrtac:1', aud => [ $url, 'account' ], sub => 'uuid-of-alice', typ => 'Bearer', azp => 'client-of-keycloak', sid => 's', acr => '1',
            'allowed-origins' => ['https://app.example.com'], realm_access => { roles => [ 'offline_access', 'editor' ] },
            resource_access => { account => { roles => ['manage-account'] } }, scope => 'profile Files.Read email', email_verified => JSON::PP::true(), preferred_username => 'alice',
        },
        is => { user => 'uuid-of-alice', client => 'client-of-keycloak', scope => 'profile Files.Read email' },
    },
    cognito => {
        header => { typ => undef },
        claims => {
            sub => 'uuid-of-alice', 'cognito:groups' => ['editor'], version => 2, client_id => $CLIENT, origin_jti => 'o', event_id => 'e', token_use => 'access',
            scope => 'Files.Read openid', auth_time => $now, exp => $now + 3600, iat => $now, jti => 'j', username => 'alice',
        },
        is => { user => 'uuid-of-alice', client => $CLIENT, scope => 'Files.Read openid' },
    },
);

# A token of a provider with changes; undef takes a claim out. _issuer has another give it out.
sub token ($name, %change) {
    my $issuer = $ISSUER{ delete $change{_issuer} // $name };
    my %claims = (%{ $TOKEN{$name}{claims} }, iss => $issuer, %change);
    delete @claims{ grep { !defined $claims{$_} } keys %claims };
    return MCPTest::JWT->new(key => $key)->mint(without => [ grep { !exists $claims{$_} } qw(sub client_id iat jti) ], %claims, _header => $TOKEN{$name}{header});
}
sub ask ($path, $token) { return $http->get($path, Authorization => "Bearer $token") }
sub status ($path, $name, %change) { return ask($path, token($name, %change))->status }
sub at_backend ($name) { return join ', ', $backend->seen($name) }

for my $name (sort keys %TOKEN) {
    subtest $name => sub {
        my $is = $TOKEN{$name}{is};
        is ask('/more', token($name))->status, 200, 'a token as it is made' or diag $httpd->error_log;
        is at_backend('X-User'), $is->{user}, 'its user';
        is at_backend('X-MCP-Subject'), $is->{user}, 'its subject';
        is at_backend('X-MCP-Client-ID'), $is->{client}, 'its client';
        is at_backend('X-MCP-Scope'), $is->{scope}, 'its scopes';
        is status('/more/scope', $name), 200, 'a scope that it has';
        is status('/more/scope', $name, scope => undef, scp => undef), 403, 'no scope';
        is status('/more/role', $name), 200, 'a role that it has';
        is status('/more/role', $name, map { ($_ => undef) } qw(roles permissions groups realm_access cognito:groups)), 403, 'no role';
    };
}

subtest 'without the profile' => sub {
    my $client = sub ($name) { ask('/more', token($name, _issuer => 'none')); return at_backend('X-MCP-Client-ID') };
    is $client->($_), '', "$_: the client is not found" for qw(entra1 okta);
    is status('/more/role', $_, aud => $APP, _issuer => 'none'), 403, "$_: nor the role" for qw(auth0 okta keycloak cognito);
    is status('/more', 'cognito', _issuer => 'none'), 401, 'cognito: nor an audience';
};

subtest 'MCPClaim wins, wherever it stands' => sub {
    for my $issuer (qw(claims turned)) {
        is ask('/more', token('okta', _issuer => $issuer, azp => 'other'))->status, 200, "$issuer: a token";
        is at_backend('X-MCP-Client-ID'), 'other', "$issuer: MCPClaim client";
        is at_backend('X-MCP-Scope'), 'openid Files.Read', "$issuer: the scopes are still the provider's";
        is status('/more/role', 'okta', _issuer => $issuer), 403, "$issuer: not the role of the profile";
        is status('/more/role', 'okta', _issuer => $issuer, teams => ['editor']), 200, "$issuer: MCPClaim role";
    }
};

subtest 'a wrong audience' => sub {
    my @rows = (
        # token, audience, as it is logged, the mend
        [ entra1   => $APP,          $APP,                    qr/name in MCPAudience the application \(client\) ID .* or its Application ID URI/ ],
        [ entra2   => "api://$APP",  "api://$APP",            qr/name in MCPAudience the application \(client\) ID/ ],
        [ auth0    => ['https://api.example.com', 'https://example.eu.auth0.com/userinfo'], 'https://api.example.com https://example.eu.auth0.com/userinfo', qr/an API at Auth0 whose identifier is MCPResource/ ],
        [ okta     => 'api://default', 'api://default',       qr/the audience of a custom authorization server at Okta/ ],
        [ keycloak => 'account',     'account',               qr/at Keycloak a mapper of type Audience/ ],
        [ keycloak => undef,         '(none)',                qr/at Keycloak a mapper of type Audience/ ],
        [ cognito  => undef,         $CLIENT,                 qr/resource binding.* name the id of the app client in MCPAudience/ ],
        [ cognito  => 'https://other.example', 'https://other.example', qr/resource binding/ ],
    );
    my %seen;
    for my $row (@rows, [ okta => 'api://default', 'api://default', qr/have the issuer put the URL of MCPResource into aud .*or name in MCPAudience/, 'none' ]) {
        my ($name, $aud, $shown, $mend, $issuer) = @$row;
        $httpd->mark;
        is status('/', $name, aud => $aud, _issuer => $issuer // $name), 401, "$name: $shown";
        ok $httpd->wait_log(qr{MCP0200: refused GET /: aud, token \w+, expected aud "\Q$url\E", got "\Q$shown\E": .*$mend}), 'both values, and what to do' or diag $httpd->error_log;
        my ($text) = $httpd->error_log =~ /got "[^"]*": (.*)/;
        $seen{ $text =~ s/,? referer: .*//r }{ ($issuer // $name) =~ s/^entra\d\z/entra/r }++;
    }
    is_deeply [ sort map { join ' ', sort keys %$_ } values %seen ], [qw(auth0 cognito entra keycloak none okta)], 'each provider has words of its own';
    $httpd->mark;
    is status('/', 'keycloak', aud => "x\n\"\e[31m"), 401, 'an audience that would be another line';
    ok $httpd->wait_log(qr/got "x\\+x0a\\+x22\\+x1b\[31m": /), 'is not' or diag $httpd->error_log;
};

subtest 'cognito: what the token is' => sub {
    my @kinds = ([ undef, '(none)' ], [ 'refresh', 'refresh' ], [ 'Access', 'Access' ], [ ['access'], 'access' ], [ 'access2', 'access2' ]);
    for my $kind (@kinds) {
        $httpd->mark;
        is status('/more', 'cognito', token_use => $kind->[0]), 401, "token_use $kind->[1]" . (ref $kind->[0] ? ' in a list' : '');
        ok $httpd->wait_log(qr/refused GET \/more: typ, token \w+, expected token_use "access", got "\Q$kind->[1]\E"/), 'is logged' or diag $httpd->error_log;
    }
    is status('/more', 'cognito', token_use => 'id', aud => $CLIENT, client_id => undef), 401, 'an ID token';
    is status('/more', 'okta', token_use => undef), 200, 'nobody else is asked for it';
    my $token = token('cognito', token_use => undef);
    is ask('/more', $token)->status, 401, 'remembered or not' for 1 .. 3;
};

subtest 'cognito: whom the token is for' => sub {
    is status('/', 'cognito'), 401, 'no aud: refused where no client is named';
    is status('/more', 'cognito'), 200, 'let in where its client is';
    is status('/more', 'cognito', client_id => 'another'), 401, 'not with another client';
    is status('/', 'cognito', aud => $url), 200, 'resource binding: the resource';
    is status('/more', 'cognito', aud => 'https://other.example'), 401, 'resource binding: another resource, whatever the client';
    is status('/more', 'cognito', aud => []), 401, 'an empty list';
};

subtest 'ID tokens of the others' => sub {
    is status('/more', 'entra2', nonce => 'n'), 401, 'entra: nonce';
    is status('/more', 'keycloak', typ => 'ID', aud => $APP), 401, 'keycloak: typ ID';
    is status('/more', 'keycloak', typ => 'Refresh'), 401, 'keycloak: typ Refresh';
    is status('/more', 'okta', aud => $APP, at_hash => 'h'), 401, 'okta: at_hash';
};

done_testing;
