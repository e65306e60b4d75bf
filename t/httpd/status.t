#!/usr/bin/perl
# The section of server-status: what it says is what happened, for people and for programs, and nothing in it is a secret or markup.

use v5.36;
use Test::More;
use MCPTest::AS;
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;
use MCPTest::Util qw(slurp project_dir wait_until);

my ($one, $two) = map { MCPTest::Key->get('P-256', $_) } 1 .. 2;
my $as   = MCPTest::AS->start(keys => [$one]);
my $away = MCPTest::AS->start(keys => [$one], path => '/<b>&amp;');
$away->down;
my $httpd = MCPTest::Httpd->start(
    modules => ['status'],
    vars    => { AS => $as->issuer, AWAY => $away->url },
    files   => { 'conf/keys.json' => MCPTest::Key::jwks($one, $two) },
    conf    => <<'END');
MCPIssuer @AS@
MCPIssuer @AWAY@/x
<MCPIssuer "https://static.example">
    MCPKeys file:@ROOT@/conf/keys.json
</MCPIssuer>
<Location "/mcp">
    AuthType MCP
    MCPResource https://mcp.example/mcp
    Require mcp-scope s
</Location>
Alias /mcp @ROOT@/htdocs
<Location "/server-status">
    SetHandler server-status
    Require all granted
</Location>
END
my $http = MCPTest::HTTP->new($httpd->url);
my $jwt  = MCPTest::JWT->new(key => $one, aud => 'https://mcp.example/mcp', iss => $as->issuer, scope => 's');
sub get (@how) { return MCPTest::HTTP->new($httpd->url)->get('/mcp/x', @how)->status }
sub look () { return { $http->get('/server-status?auto')->body =~ /^(MCP\S+): (.*)$/mg } }

ok wait_until(5, sub { (look()->{MCPIssuer0Keys} // 0) == 1 && look()->{MCPIssuer1LastError} }), 'issuers are there';
my $first = look();
is $first->{MCPIssuer0URL}, $as->issuer, 'an issuer';
is $first->{MCPIssuer0Fetches}, 1, 'its keys were fetched';
is $first->{MCPIssuer0FetchFailures}, 0, 'without failure';
cmp_ok $first->{MCPIssuer0KeysAge}, '<', 10, 'a moment ago';
cmp_ok $first->{MCPIssuer0KeysAge}, '>=', 0, 'not in the future';
cmp_ok $first->{MCPIssuer0NextRefresh}, '>', 250, 'and will be again';
ok !exists $first->{MCPIssuer0LastError}, 'no error';
is $first->{MCPIssuer1URL}, $away->url . '/x', 'one that is away';
is $first->{MCPIssuer1Keys}, 0, 'has no keys';
is $first->{MCPIssuer1KeysAge}, -1, 'of no age';
cmp_ok $first->{MCPIssuer1FetchFailures}, '>', 0, 'but failures';
like $first->{MCPIssuer1LastError}, qr/^\S+: .*(?:connect|refused)/i, 'and says which';
like $first->{MCPIssuer1LastErrorAt}, qr/^\w{3}, \d\d \w{3} \d{4} /, 'and when';
is $first->{MCPIssuer2Keys}, 2, 'static keys';
ok !exists $first->{MCPIssuer2KeysAge}, 'have no age';

# What requests change, over all processes. The first sight of a token is one for each process.
my $token = $jwt->mint;
is get(Authorization => "Bearer $token"), 404, 'a token' for 1 .. 20;
my $now = look();
is $now->{MCPIssuer0Verified} + $now->{MCPIssuer0Cached}, 20, 'each is counted once';
cmp_ok $now->{MCPIssuer0Verified}, '<=', 4, 'most were known';
is get(Authorization => 'Bearer ' . $jwt->mint(iss => 'https://static.example')), 404, 'one of another issuer';
is look()->{MCPIssuer2Verified}, 1, 'counts there';
is get(), 401, 'none' for 1 .. 3;
is get(Authorization => 'Bearer ' . $jwt->mint(scope => 'x')), 403, 'too little';
is get(Authorization => 'Bearer ' . $jwt->mint(aud => 'x')), 401, 'another audience';
is get(Authorization => 'Bearer ' . $jwt->mint(_key => $two)), 401, 'an unknown key';
$now = look();
is $now->{'MCPRefused-no_credentials'}, 3, 'refusals by reason: no token';
is $now->{'MCPRefused-insufficient_scope'}, 1, 'scope';
is $now->{'MCPRefused-aud'}, 1, 'audience';
is $now->{'MCPRefused-unknown_key'}, 1, 'key';
is $now->{MCPIssuer0Fetches}, 2, 'which was looked for';
is_deeply [ grep { /^MCPRefused/ && !$now->{$_} } keys %$now ], [], 'what has not happened is not there';

my $html = $http->get('/server-status')->body;
like $html, qr{<h2>mod_auth_mcp</h2>}, 'a section for people';
like $html, qr{<td>issuer</td><td>\Q@{[ $as->issuer ]}\E</td>}, 'with the issuer';
like $html, qr{<td>keys</td><td>1</td>}, 'its keys';
like $html, qr{<td>aud</td><td>1</td>}, 'and refusals';
unlike $html, qr/\Q$token\E/, 'no token';

# Counters survive a graceful restart.
ok $httpd->graceful, 'a graceful restart';
my $after = look();
is $after->{MCPIssuer0Cached} + $after->{MCPIssuer0Verified}, $now->{MCPIssuer0Cached} + $now->{MCPIssuer0Verified}, 'what was counted is not lost';
is $after->{'MCPRefused-no_credentials'}, 3, 'neither are refusals';

# What is explained is what there is.
my $manual = slurp(project_dir() . '/docs/operations.md');
my %name   = map { $_ => 1 } map { s/^MCPIssuer\d+/MCPIssuerN/r } grep { !/^MCPRefused/ } keys %$after, keys %$first;
like $manual, qr/^\| `\Q$_\E` \|/m, "docs/operations.md explains $_" for sort keys %name;
is_deeply [ grep { !$name{$_} } $manual =~ /^\| `(MCPIssuerN\w+)` \|/mg ], [], 'and nothing else';
like $manual, qr/`MCPRefused-/, 'and refusals';

my $plain = MCPTest::Httpd->start(modules => ['status'], conf => "<Location /server-status>\nSetHandler server-status\nRequire all granted\n</Location>\n");
unlike(MCPTest::HTTP->new($plain->url)->get('/server-status')->body, qr/mod_auth_mcp<|MCPIssuer/, 'a server without issuers has no section');

done_testing;
