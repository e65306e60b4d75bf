# Tokens that only their issuer can read, from a real authorization server. The SDK client knows the URL alone, as ever; the module asks the
# introspection endpoint of oidc-provider (RFC 7662) in each way a client can authenticate there.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use Test::More;
use MCPTest::B64 'b64url';
use MCPTest::Challenge 'bearer';
use MCPTest::HTTP;
use MCPTest::Key;
use MCPTest::Peers;
use MCPTest::Site;
use MCPTest::Util qw(json_text keep_secret spew tempdir wait_until);

MCPTest::Peers->need(qw(node openssl));

# Every kind of byte that has a meaning in a form or in Basic.
my $ID     = 'mcp gateway:1';
my $SECRET = 'hunter2: a=b&c+d%25 "more"';
my $KEY    = MCPTest::Key->get('P-256', 'client');
my $DIR    = tempdir();
keep_secret($SECRET);
spew("$DIR/$_->[0]", "$_->[1]\n", 0600) for [ secret => $SECRET ], [ wrong => 'another' ];
chmod 0600, $KEY->private_file or die "chmod: $!";

# method => [what the authorization server knows of the client, the credential of httpd]
my %METHOD = (
    basic           => [ { token_endpoint_auth_method => 'client_secret_basic', client_secret => $SECRET }, "$DIR/secret" ],
    post            => [ { token_endpoint_auth_method => 'client_secret_post',  client_secret => $SECRET }, "$DIR/secret" ],
    private_key_jwt => [ { token_endpoint_auth_method => 'private_key_jwt', jwks => { keys => [ $KEY->jwk ] } }, $KEY->private_file ],
);

# A site whose tokens are opaque. as: more words for the authorization server; ttl: how long an answer counts; file: another credential.
sub site (%opt) {
    my $method = delete $opt{method} // 'basic';
    my ($client, $file) = @{ $METHOD{$method} };
    $file = delete $opt{file} // $file;
    my $ttl = delete $opt{ttl} // '';
    my $as  = delete $opt{as}  // [];
    return MCPTest::Site->start(
        %opt,
        as      => [ '--format' => 'opaque', '--client' => json_text({ client_id => $ID, %$client }), @$as ],
        modules => ['socache_shmcb'],
        issuer  => "MCPTokenFormat auto\nMCPIntrospection \@INTROSPECTION\@ $ttl\nMCPClientAuth $method \"$ID\" \"file:$file\"\n",
    );
}

sub asked ($report) { return scalar @{ $report->{asked} } }
sub texts ($report) { return [ map { $_->{text} } @{ $report->{calls} } ] }

# An MCP session begun with a token by somebody who is no SDK.
sub initialize ($site, $token, $path = '/mcp') {
    my %params = (protocolVersion => '2025-06-18', capabilities => {}, clientInfo => { name => 'x', version => '1' });
    return MCPTest::HTTP->new($site->base)
        ->post_json($path, { jsonrpc => '2.0', id => 1, method => 'initialize', params => \%params }, Authorization => "Bearer $token");
}

sub refused_as_invalid ($res, $name) {
    is $res->status, 401, "$name: 401";
    is bearer($res->headers('WWW-Authenticate'))->{param}{error}, 'invalid_token', "$name: invalid_token";
    return;
}

# What was sent to the token endpoint.
sub form ($report) { return (map { $_->{form} // () } @{ $report->{exchanges} })[0] }

# What a client does that is logged out (RFC 7009).
sub revoke ($site, $report) {
    my ($path) = $site->as->fact('revocation_endpoint') =~ m{^http://[^/]+(/.*)};
    my $form   = "token=$report->{tokens}[0]{token}&client_id=" . form($report)->{client_id};
    my $http   = MCPTest::HTTP->new($site->as->fact('issuer'));
    return is $http->request(POST => $path, [ 'Content-Type' => 'application/x-www-form-urlencoded' ], $form)->status, 200, 'the client revokes it';
}

# method => [how long an answer counts, what then becomes of a revoked token, whether that is so]
my %REVOKED = (
    basic           => [ '1s', 'refused when the answer is old', sub ($ask) { wait_until(20, sub { $ask->() == 401 }) } ],
    post            => [ '0',  'refused at once', sub ($ask) { $ask->() == 401 } ],
    private_key_jwt => [ '1h', 'good in every process while the answer counts', sub ($ask) { !grep { $ask->() != 200 } 1 .. 8 } ],
);

for my $method (sort keys %METHOD) {
    subtest "$method: from the bare URL to a tool" => sub {
        my ($ttl, $name, $holds) = @{ $REVOKED{$method} };
        my $site   = site(method => $method, ttl => $ttl);
        my $report = MCPTest::Peers->client({}, $site->url);
        is $report->{error}, undef, 'no error';
        is asked($report), 1, 'one authorization';
        is_deeply texts($report), ['Echo: hello'], 'the tool answers';

        my ($issued, @more) = @{ $report->{tokens} };
        my $token = $issued->{token};
        is scalar @more, 0, 'one token';
        like $token, qr/\A[\w-]{20,}\z/, 'which is opaque: no dot in it';
        is_deeply [ keys %$issued ], ['token'], 'and no JWT';

        my @requests = $site->backend->requests;
        is_deeply $site->fields(@requests), {
            'authorization'   => [],
            'x-mcp-subject'   => ['alice'],
            'x-mcp-scope'     => ['mcp:read'],
            'x-mcp-client-id' => [ form($report)->{client_id} ],
            'x-mcp-issuer'    => [ $site->as->fact('issuer') ],
        }, 'the backend learns who calls';
        is scalar(grep { index(json_text($_), $token) >= 0 } @requests), 0, 'and never the token';

        is initialize($site, $token)->status, 200, 'the token is good here';
        refused_as_invalid(initialize($site, $token, '/other'), 'at another resource');
        refused_as_invalid(initialize($site, 'x' x length $token), 'one that was never issued');
        revoke($site, $report);
        ok $holds->(sub { initialize($site, $token)->status }), "revoked, it is $name";
        ok $site->keeps_secrets($report), 'no token in any log';
    };
}

subtest 'a token that expires during the session, and a refresh token' => sub {
    my $site   = site(as => [ '--ttl' => 2, '--refresh' ]);
    my @echo   = map { ('--call' => 'echo', qq({"message":"$_"})) } qw(one two);
    my $report = MCPTest::Peers->client({}, $site->url, '--wait' => 3, @echo);
    is $report->{error}, undef, 'no error';
    is_deeply texts($report), [ 'Echo: one', 'Echo: two' ], 'both calls work';
    is asked($report), 1, 'one authorization';
    cmp_ok scalar @{ $report->{tokens} }, '>', 1, 'and a token got by refreshing';
    refused_as_invalid(initialize($site, $report->{tokens}[0]{token}), 'the old one, though its answer was to count for 30 seconds');

    my $refresh = $report->{refresh_token};
    keep_secret($refresh);
    refused_as_invalid(initialize($site, $refresh), 'a refresh token');
    ok $site->httpd->wait_log(qr{refused POST /mcp: aud, .*got "\(none\)"}), 'which the authorization server calls active, but it is for no resource';
};

subtest 'a call that needs more scope' => sub {
    my $site = site(location => qq(<If "%{HTTP:Mcp-Method} == 'tools/call'">\nRequire mcp-scope mcp:read mcp:write\n</If>\n));
    my $report = MCPTest::Peers->client({}, $site->url, '--mirror');
    is $report->{error}, undef, 'no error';
    is_deeply [ map { $_->{scope} } @{ $report->{asked} } ], [ 'mcp:read', 'mcp:read mcp:write' ], 'scopes asked for';
    is_deeply texts($report), ['Echo: hello'], 'the call works in the same session';
};

subtest 'httpd has the wrong secret' => sub {
    my $site   = site(file => "$DIR/wrong");
    my $report = MCPTest::Peers->client({}, $site->url);
    my @status = map { $_->{status} } grep { $_->{authorization} } @{ $report->{exchanges} };
    is_deeply [ grep { $_ != 503 } @status ], [], '503, never 401';
    cmp_ok scalar @status, '>', 0, 'to the client with its good token';
    is asked($report), 1, 'which does not log in again';
    ok $site->httpd->wait_log(qr/MCP0120: .*status 401, as the client authentication of this server is not accepted/), 'the operator is told';
};

# oidc-provider answers 400 to what looks like a JWS or JWE. That is no word on the token, and nobody else's trouble.
subtest 'a token of a kind that is not asked about there' => sub {
    my $site   = site();
    my $report = MCPTest::Peers->client({}, $site->url);
    my $jwe    = join '.', b64url('{"alg":"RSA-OAEP","enc":"A256GCM"}'), ('x' x 20) x 4;
    my $res    = initialize($site, $jwe);
    is $res->status, 503, 'is answered 503';
    ok $res->header('Retry-After'), 'with Retry-After';
    ok $site->httpd->wait_log(qr/MCP0120: .*status 400, error "unsupported_token_type"/), 'the operator is told';
    is initialize($site, $report->{tokens}[0]{token})->status, 200, 'an opaque one is good all the while';
};

ok(MCPTest::Peers->alive, 'no peer ended by itself');
done_testing;
