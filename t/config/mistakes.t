#!/usr/bin/perl
# F-12, H-36, H-37, J-01, J-12. Mistakes are refused at start, by -t as well: the message names the directive, the word and a right example.

use v5.36;
use Test::More;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;
use MCPTest::Util qw(run spew tempdir);
use Time::HiRes 'time';

my $dir = tempdir();
my $rsa = MCPTest::Key->get('RSA-2048');
spew("$dir/keys.json", MCPTest::Key::jwks($rsa));
spew("$dir/private.pem", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n");
spew("$dir/oct.json", '{"keys":[{"kty":"oct","k":"AAAA"}]}');
spew("$dir/text", 'hello');
spew("$dir/short", 'too short', 0600);
spew("$dir/open", 'x' x 40, 0644);
spew("$dir/secret", 'x' x 40, 0600);

my $as = "MCPIssuer https://as.example\n";

sub location ($lines) { return "$as<Location /mcp>\nAuthType MCP\nMCPResource https://h.example/mcp\nRequire valid-user\n$lines\n</Location>" }
sub container ($lines) { return "<MCPIssuer \"https://as.example\">\n$lines\n</MCPIssuer>" }

# directive, the word in the message, configuration
my @server = (
    [ MCPIssuer => '', 'MCPIssuer' ],
    [ MCPIssuer => 'as.example', 'MCPIssuer as.example' ],
    [ MCPIssuer => '/as', 'MCPIssuer /as' ],
    [ MCPIssuer => 'ftp://as.example', 'MCPIssuer ftp://as.example' ],
    [ MCPIssuer => 'https://as.example/#x', 'MCPIssuer https://as.example/#x' ],
    [ MCPIssuer => 'https://as.example/?x', 'MCPIssuer https://as.example/?x' ],
    [ MCPIssuer => 'https://...@as.example', 'MCPIssuer https://u:p@as.example' ],
    [ MCPIssuer => 'https://as.example:0', 'MCPIssuer https://as.example:0' ],
    [ MCPIssuer => 'http://as.example', 'MCPIssuer http://as.example' ],
    [ MCPIssuer => 'https://a.example https://b.example', 'MCPIssuer https://a.example https://b.example' ],
    [ MCPIssuer => 'https://as.example', "MCPIssuer https://as.example\nMCPIssuer https://as.example" ],
    [ '<MCPIssuer' => 'as.example', "<MCPIssuer \"as.example\">\n</MCPIssuer>" ],
    [ MCPKeys => "file:$dir/keys.json", "MCPKeys file:$dir/keys.json" ],
    [ MCPKeys => "file:$dir/missing", container("MCPKeys file:$dir/missing") ],
    [ MCPKeys => "file:$dir", container("MCPKeys file:$dir") ],
    [ MCPKeys => "file:$dir/text", container("MCPKeys file:$dir/text") ],
    [ MCPKeys => "file:$dir/oct.json", container("MCPKeys file:$dir/oct.json") ],
    [ MCPKeys => "file:$dir/private.pem", container("MCPKeys file:$dir/private.pem") ],
    [ MCPKeys => 'jwks.json', container('MCPKeys jwks.json') ],
    [ MCPKeys => 'http://as.example/jwks', container('MCPKeys http://as.example/jwks') ],
    [ MCPKeys => '', container('MCPKeys') ],
    [ MCPKeys => 'https://as.example/5', container('MCPKeys ' . join ' ', map { "https://as.example/$_" } 1 .. 5) ],
    [ MCPSharedSecret => '...', container('MCPSharedSecret topsecretvalue') ],
    [ MCPSharedSecret => "file:$dir/open", container("MCPSharedSecret file:$dir/open") ],
    [ MCPSharedSecret => "file:$dir/short", container("MCPSharedSecret file:$dir/short") ],
    [ MCPSharedSecret => "file:$dir/missing", container("MCPSharedSecret file:$dir/missing") ],
    [ MCPSharedSecret => "file:$dir/secret", "MCPSharedSecret file:$dir/secret" ],
    [ MCPSharedSecret => undef, container("MCPSharedSecret file:$dir/secret\nMCPKeys file:$dir/keys.json") ],
    [ MCPAlgorithms => undef, container("MCPSharedSecret file:$dir/secret\nMCPAlgorithms RS256") ],
    [ MCPAlgorithms => undef, container("MCPKeys file:$dir/keys.json\nMCPAlgorithms HS256") ],
    [ MCPAlgorithms => 'none', container('MCPAlgorithms RS256 none') ],
    [ MCPAlgorithms => 'rs256', container('MCPAlgorithms rs256') ],
    [ MCPAlgorithms => '', container('MCPAlgorithms') ],
    [ MCPTokenType => 'jwt', container('MCPTokenType jwt') ],
    [ MCPTokenType => 'any at+jwt', container('MCPTokenType any at+jwt') ],
    [ MCPClaim => 'scopes scp', container('MCPClaim scopes scp') ],
    [ MCPClaim => 'scope', container('MCPClaim scope') ],
    [ MCPClaim => '', container('MCPClaim user ""') ],
    [ MCPProfile => '', "${as}MCPProfile" ],
    [ MCPProfile => 'azure', "${as}MCPProfile azure" ],
    [ MCPProfile => 'okta auth0', "${as}MCPProfile okta auth0" ],
    [ MCPProfile => 'okta auth0', container('MCPProfile okta auth0') ],
    [ MCPProfile => 'google', "${as}MCPProfile google" ],
    [ MCPProfile => 'Google', container('MCPProfile Google') ],
    [ MCPProfile => 'auth0', "${as}MCPProfile okta\nMCPProfile auth0" ],
    [ MCPProfile => 'okta', container("MCPProfile okta\nMCPProfile okta") ],
    [ MCPScopePrefix => 'a b', container('MCPScopePrefix "a b"') ],
    [ MCPScopePrefix => '', container('MCPScopePrefix') ],
    [ MCPAllowHTTP => 'http://h.example', "${as}MCPAllowHTTP http://h.example" ],
    [ MCPAllowHTTP => '', "${as}MCPAllowHTTP" ],
    [ MCPTimeout => '5 fortnights', "${as}MCPTimeout 5 fortnights" ],
    [ MCPTimeout => '0', "${as}MCPTimeout 0" ],
    [ MCPTimeout => '-1s', "${as}MCPTimeout -1s" ],
    [ MCPTimeout => '301s', "${as}MCPTimeout 301s" ],
    [ MCPTimeout => '300x', "${as}MCPTimeout 300x" ],
    [ MCPTimeout => '5s', container('MCPTimeout 5s') ],
    [ MCPRefresh => '', "${as}MCPRefresh" ],
    [ MCPRefresh => 'often', "${as}MCPRefresh often" ],
    [ MCPRefresh => '0', "${as}MCPRefresh 0" ],
    [ MCPRefresh => '300s 0', "${as}MCPRefresh 300s 0" ],
    [ MCPRefresh => '13h', "${as}MCPRefresh 13h" ],
    [ MCPRefresh => '2h', "${as}MCPRefresh 300s 2h" ],
    [ MCPRefresh => 'sometimes', "${as}MCPRefresh 300s sometimes" ],
    [ MCPRefresh => '1m 1m 1m', "${as}MCPRefresh 1m 1m 1m" ],
    [ MCPRefresh => '5m', container('MCPRefresh 5m') ],
    [ MCPStateDir => '', "${as}MCPStateDir" ],
    [ MCPStateDir => "$dir/missing", "${as}MCPStateDir $dir/missing" ],
    [ MCPStateDir => "$dir/text", "${as}MCPStateDir $dir/text" ],
    [ MCPStateDir => '/tmp', "${as}MCPStateDir /tmp" ],
    [ MCPStateDir => "$dir $dir", "${as}MCPStateDir $dir $dir" ],
    [ MCPStateDir => "$dir", container("MCPStateDir $dir") ],
    [ MCPAllowHTTP => 'h\\x01', "${as}MCPAllowHTTP h\x01" ],
    [ MCPTokenCache => '', "${as}MCPTokenCache" ],
    [ MCPTokenCache => 'much', "${as}MCPTokenCache much" ],
    [ MCPTokenCache => '1000K', "${as}MCPTokenCache 1000K" ],
    [ MCPTokenCache => '3G', "${as}MCPTokenCache 3G" ],
    [ MCPTokenCache => '8M 8M', "${as}MCPTokenCache 8M 8M" ],
    [ MCPTokenCache => '8M', container('MCPTokenCache 8M') ],
    [ MCPProxy => '', "${as}MCPProxy" ],
    [ MCPProxy => 'proxy.internal:3128', "${as}MCPProxy proxy.internal:3128" ],
    [ MCPProxy => 'https://proxy.internal', "${as}MCPProxy https://proxy.internal" ],
    [ MCPProxy => 'socks5://proxy.internal', "${as}MCPProxy socks5://proxy.internal" ],
    [ MCPProxy => 'http://proxy.internal/x', "${as}MCPProxy http://proxy.internal/x" ],
    [ MCPProxy => '...', "${as}MCPProxy http://u:topsecretvalue\@proxy.internal" ],
    [ MCPProxy => '...', container('MCPProxy http://u:topsecretvalue@proxy.internal') ],
    [ MCPProxy => '...', "${as}MCPProxy http://u:topsecretvalue\@proxy.internal:99999 x" ],
    [ MCPProxy => 'http://a http://b', "${as}MCPProxy http://a http://b" ],
    [ MCPProxy => 'http://proxy.internal', container('MCPProxy http://proxy.internal') ],
    [ MCPTokenFormat => '', "${as}MCPTokenFormat" ],
    [ MCPTokenFormat => 'reference', "${as}MCPTokenFormat reference" ],
    [ MCPTokenFormat => 'jwt opaque', "${as}MCPTokenFormat jwt opaque" ],
    [ MCPTokenFormat => 'opaque', container('MCPTokenFormat opaque') ],
    [ MCPIntrospection => '', container('MCPIntrospection') ],
    [ MCPIntrospection => '/introspect', container('MCPIntrospection /introspect') ],
    [ MCPIntrospection => 'soon', container('MCPIntrospection https://as.example/i soon') ],
    [ MCPIntrospection => '2h', container('MCPIntrospection https://as.example/i 2h') ],
    [ MCPIntrospection => 'https://as.example/i 1s 2s', container('MCPIntrospection https://as.example/i 1s 2s') ],
    [ MCPIntrospection => 'https://as.example/j', container("MCPIntrospection https://as.example/i\nMCPIntrospection https://as.example/j") ],
    [ MCPIntrospection => 'https://as.example/i', "${as}MCPIntrospection https://as.example/i" ],
    [ MCPIntrospection => undef, container('MCPIntrospection https://as.example/i') ],
    [ MCPIntrospection => 'http://as.example/i', container("MCPIntrospection http://as.example/i\nMCPClientAuth basic x file:$dir/secret") ],
    [ MCPClientAuth => '', container('MCPClientAuth') ],
    [ MCPClientAuth => 'digest', container("MCPClientAuth digest x file:$dir/secret") ],
    [ MCPClientAuth => 'basic', container('MCPClientAuth basic x') ],
    [ MCPClientAuth => '...', container('MCPClientAuth basic x topsecretvalue') ],
    [ MCPClientAuth => "file:$dir/open", container("MCPClientAuth basic x file:$dir/open") ],
    [ MCPClientAuth => "file:$dir/missing", container("MCPClientAuth basic x file:$dir/missing") ],
    [ MCPClientAuth => 'private_key_jwt', container("MCPClientAuth private_key_jwt x file:$dir/secret") ],
    [ MCPClientAuth => 'basic', container("MCPClientAuth basic \"\" file:$dir/secret") ],
    [ MCPClientAuth => 'post', container("MCPClientAuth basic x file:$dir/secret\nMCPClientAuth post x file:$dir/secret") ],
    [ MCPClientAuth => undef, container("MCPClientAuth basic x file:$dir/secret") ],
    [ MCPClientAuth => 'basic', "${as}MCPClientAuth basic x file:$dir/secret" ],
    [ MCPCache => '', "${as}MCPCache" ],
    [ MCPCache => 'shmcb', "${as}MCPCache shmcb" ],
    [ MCPCache => 'etcd:1.2.3.4', "${as}MCPCache etcd:1.2.3.4" ],
    [ MCPCache => 'a b', "${as}MCPCache a b" ],
    [ MCPCache => 'none', container('MCPCache none') ],
    [ MCPMetadataMirror => '', "${as}MCPMetadataMirror" ],
    [ MCPMetadataMirror => 'yes', "${as}MCPMetadataMirror yes" ],
    [ MCPMetadataMirror => 'On Off', "${as}MCPMetadataMirror On Off" ],
    [ MCPMetadataMirror => 'On', container('MCPMetadataMirror On') ],
    [ MCPCAFile => "$dir/missing", "${as}MCPCAFile $dir/missing" ],
    [ MCPCAFile => '', "${as}MCPCAFile" ],
);
my @section = (
    [ MCPResource => '', 'MCPResource' ],
    [ MCPResource => '/mcp', 'MCPResource /mcp' ],
    [ MCPResource => 'h.example/mcp', 'MCPResource h.example/mcp' ],
    [ MCPResource => 'https://h.example/mcp#top', 'MCPResource https://h.example/mcp#top' ],
    [ MCPResource => 'https://h.example/mcp?a=b', 'MCPResource https://h.example/mcp?a=b' ],
    [ MCPResource => 'https://h.example/a,b', 'MCPResource https://h.example/a,b' ],
    [ MCPResource => 'http://h.example/mcp', 'MCPResource http://h.example/mcp' ],
    [ MCPResource => 'https://h.example/mcp defalt', 'MCPResource https://h.example/mcp defalt' ],
    [ MCPResource => "https://h.example/\xe9", "MCPResource https://h.example/\xe9" ],
    [ MCPResource => undef, "MCPResource https://h.example/a default\n</Location>\n<Location /b>\nMCPResource https://h.example/b default" ],
    [ MCPAudience => '', 'MCPAudience ""' ],
    [ MCPAudience => 'none', 'MCPAudience none x' ],
    [ MCPTrustIssuer => 'none', 'MCPTrustIssuer https://as.example none' ],
    [ MCPTrustIssuer => 'https://other.example', 'MCPTrustIssuer https://other.example' ],
    [ MCPTrustIssuer => '', 'MCPTrustIssuer' ],
    [ MCPScopeImplies => 'a', 'MCPScopeImplies a' ],
    [ MCPScopeImplies => 'b"', q{MCPScopeImplies a 'b"'} ],
    [ MCPScopesSupported => 'offline_access', 'MCPScopesSupported a offline_access' ],
    [ MCPScopesSupported => 'a b', 'MCPScopesSupported "a b"' ],
    [ MCPScopesSupported => '', 'MCPScopesSupported' ],
    [ MCPMetadata => 'resource', 'MCPMetadata resource https://x.example' ],
    [ MCPMetadata => 'resource_documentation', 'MCPMetadata resource_documentation' ],
    [ MCPMetadata => '/docs', 'MCPMetadata resource_documentation /docs' ],
    [ MCPMetadata => 'yes', 'MCPMetadata dpop_bound_access_tokens_required yes' ],
    [ MCPChallengeParam => 'scope x', 'MCPChallengeParam scope x' ],
    [ MCPChallengeParam => 'x_scope x', 'MCPChallengeParam x_scope x' ],
    [ MCPChallengeParam => 'scope=a', 'MCPChallengeParam hint scope=a' ],
    [ MCPChallengeParam => 'a,b', 'MCPChallengeParam hint a,b' ],
    [ MCPChallengeParam => '', 'MCPChallengeParam hint ""' ],
    [ MCPAllowOrigin => 'app.example', 'MCPAllowOrigin app.example' ],
    [ MCPAllowOrigin => 'https://app.example/', 'MCPAllowOrigin https://app.example/' ],
    [ MCPAllowOrigin => 'https://*.example', 'MCPAllowOrigin https://*.example' ],
    [ MCPAllowOrigin => '', 'MCPAllowOrigin' ],
    [ MCPForwardClaim => 'email', 'MCPForwardClaim email' ],
    [ MCPForwardClaim => 'Authorization', 'MCPForwardClaim email Authorization' ],
    [ MCPForwardClaim => 'transfer-encoding', 'MCPForwardClaim email transfer-encoding' ],
    [ MCPForwardClaim => 'X_Email', 'MCPForwardClaim email X_Email' ],
    [ MCPForwardClaim => 'X-E:x', 'MCPForwardClaim email X-E:x' ],
    [ MCPForwardToken => 'maybe', 'MCPForwardToken maybe' ],
    [ MCPOperation => undef, 'MCPOperation' ],
    [ MCPOperation => undef, 'MCPOperation tools/call *' ],
    [ MCPOperation => 'tools/*', 'MCPOperation tools/* * granted' ],
    [ MCPOperation => 'file:///a/../b', 'MCPOperation resources/read file:///a/../b granted' ],
    [ MCPOperation => 'granted', 'MCPOperation tools/call * granted files:read' ],
    [ MCPOperation => 'denied', 'MCPOperation tools/call * files:read denied' ],
    [ MCPOperation => 'offline_access', 'MCPOperation tools/call * offline_access' ],
    [ MCPOperation => 'a"b', q{MCPOperation tools/call * 'a"b'} ],
    [ MCPOperation => '', 'MCPOperation tools/call "" granted' ],
    [ MCPOperation => 's62', 'MCPOperation tools/call * ' . join(' ', map { "s$_" } 1 .. 70) ],
    [ MCPMaxBody => '', 'MCPMaxBody' ],
    [ MCPMaxBody => '1 cubit', 'MCPMaxBody 1 cubit' ],
    [ MCPMaxBody => '0', 'MCPMaxBody 0' ],
    [ MCPMaxBody => '65M', 'MCPMaxBody 65M' ],
    [ MCPBatch => 'maybe', 'MCPBatch maybe' ],
    [ MCPClockSkew => '5 fortnights', 'MCPClockSkew 5 fortnights' ],
    [ MCPClockSkew => '301', 'MCPClockSkew 301' ],
    [ MCPClockSkew => '640511947d', 'MCPClockSkew 640511947d' ],
    [ MCPClockSkew => '', 'MCPClockSkew' ],
    [ MCPErrorBody => 'html', 'MCPErrorBody html' ],
    [ MCPMode => 'off', 'MCPMode off' ],
    [ 'Require mcp-scope' => '', 'Require mcp-scope' ],
    [ 'Require mcp-scope' => 'offline_access', 'Require mcp-scope a offline_access' ],
    [ 'Require mcp-scope' => 'a"b', q{Require mcp-scope 'a"b'} ],
    [ 'Require mcp-any-scope' => "\xe9", "Require mcp-any-scope \xe9" ],
    [ 'Require mcp-role' => '', 'Require mcp-role' ],
    [ 'Require mcp-claim' => '', 'Require mcp-claim department' ],
    ( map { [ $_ => 'x' x 5000, "$_ " . 'x' x 5000 ] } qw(MCPTrustIssuer MCPMode MCPClockSkew MCPAllowOrigin MCPResource) ),
);

for my $case (@server, map { [ @$_[ 0, 1 ], location($_->[2]) ] } @section) {
    my ($directive, $word, $conf) = @$case;
    my $name = ($conf =~ s/\s+/ /gr);
    $name = substr($name, -80);
    $name = "E-12 $name" if ($word // '') =~ /^http:/;
    my ($ok, $output) = MCPTest::Httpd->config_test($conf);
    ok !$ok, "refused: $name";
    like $output, qr/\Q$directive\E: /, "names $directive" or diag $output;
    like $output, qr/\Q'$word'\E|\Q$word\E/, "names the word" or diag $output if defined $word && $word ne '' && length $word <= 100 && $word !~ /[^ -~]/;
    like $output, qr/for example \S/, 'gives an example' or diag $output;
    unlike $output, qr/topsecretvalue/, 'keeps a secret to itself';
}

like +(MCPTest::Httpd->config_test(location('MCPClockSkew 5 fortnights')))[1],
    qr/MCPClockSkew: '5 fortnights' is not a duration; for example 30s$/m, 'the message of the design';

like +(MCPTest::Httpd->config_test("${as}MCPProfile google"))[1],
    qr/MCPProfile: 'google' gives out opaque access tokens .*no introspection.* put an authorization server between .*; for example MCPProfile keycloak$/m, 'why not Google, and what instead';

# Sections without an issuer, and directives where they do not belong.
my ($ok, $output) = MCPTest::Httpd->config_test("<Location /mcp>\nAuthType MCP\nMCPResource https://h.example/mcp\nRequire valid-user\n</Location>");
ok !$ok, 'no issuer';
like $output, qr/MCPResource .*: no MCPIssuer .*for example MCPIssuer https:/, 'says so';
for my $line ('MCPIssuer https://b.example', "MCPKeys file:$dir/keys.json", 'MCPTimeout 5s', 'MCPRefresh 5m', "MCPStateDir $dir", 'MCPAllowHTTP h', "MCPCAFile $dir/text", 'MCPAlgorithms RS256') {
    ($ok, $output) = MCPTest::Httpd->config_test(location($line));
    ok !$ok, "not in a section: $line";
    like $output, qr/not allowed/, 'says so';
}

# What is right passes, fast, without a network.
my $start = time;
for my $right (
    location('MCPClockSkew 5m'), "${as}MCPTimeout 500ms", "MCPAllowHTTP as.example\nMCPIssuer http://as.example",
    "MCPIssuer http://as.example\nMCPAllowHTTP as.example", 'MCPIssuer http://127.0.0.1:9/as', 'MCPIssuer http://[::1]:9/', container("MCPKeys file:$dir/keys.json https://as.example/more"),
    container("MCPAlgorithms HS256 HS512\nMCPSharedSecret file:$dir/secret"), "MCPAllowHTTP h.example\n" . location('MCPResource http://h.example/mcp'),
    location("MCPTrustIssuer https://as.example\nMCPAllowOrigin *\nMCPMode report"),
    "MCPProfile okta\n" . container('MCPProfile auth0'), "${as}MCPProfile okta\n<VirtualHost *:9>\nMCPProfile auth0\n</VirtualHost>", container("MCPProfile none\nMCPClaim role groups"),
    location("</Location>\n<Location /d>\nMCPResource https://h.example/d default\n</Location>\n<VirtualHost *:9>\n<Location /v>\nMCPResource https://v.example/v default\n</Location>\n</VirtualHost>\n<Location /e>"), "MCPIssuer https://a.example\n<VirtualHost *:9>\nMCPIssuer https://b.example\n<Location /x>\nAuthType MCP\nMCPTrustIssuer https://b.example\nMCPResource https://x.example/\nRequire valid-user\n</Location>\n</VirtualHost>",
) {
    ($ok, $output) = MCPTest::Httpd->config_test($right);
    ok $ok, 'accepted: ' . substr($right =~ s/\s+/ /gr, -70) or diag $output;
}
cmp_ok time - $start, '<', 10, 'nobody was waited for';

# H-36: with little beside it, and twice.
my $so = MCPTest::Httpd::Conf::module_so();
my $modules = MCPTest::Httpd::Conf::installation()->{modules};
my @lines = map { "LoadModule ${_}_module $modules/mod_$_.so" } grep { -e "$modules/mod_$_.so" } qw(mpm_event authn_core authz_core);
spew("$dir/bare.conf", join("\n", "ServerRoot $dir", "PidFile $dir/pid", "ErrorLog $dir/log", @lines, ("LoadModule auth_mcp_module $so") x 2, 'Listen 127.0.0.1:9', $as) . "\n");
my $bare = run([ MCPTest::Httpd::Conf::installation()->{program}, '-t', '-f', "$dir/bare.conf" ]);
is $bare->{exit}, 0, 'H-36 alone with the core' or diag $bare->{err};
like $bare->{err}, qr/already loaded/, 'H-36 twice is once';

# Legal but unwise: one line each.
($ok, $output) = MCPTest::Httpd->config_test(location("MCPAllowOrigin *\nMCPForwardToken On\nMCPMode report\nMCPAudience account\n<Limit GET>\nRequire mcp-scope a\n</Limit>"));
ok $ok, 'unwise is legal' or diag $output;
is scalar(() = $output =~ /MCP0301: \Q$_\E /g), 1, "one warning: $_" or diag $output for qw(MCPAllowOrigin MCPForwardToken MCPMode MCPAudience Require);

done_testing;
