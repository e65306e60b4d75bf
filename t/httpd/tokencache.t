#!/usr/bin/perl
# G-01, G-02, G-04, G-05, G-06. Tokens that were verified are remembered, verdicts are not: whatever changes between two requests with one
# token has its effect on the second.

use v5.36;
use Test::More;
use MCPTest::AS;
use MCPTest::Backend;
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;
use MCPTest::Util 'wait_until';
use Time::HiRes qw(sleep time);

my ($one, $two) = map { MCPTest::Key->get('P-256', $_) } 1 .. 2;
my $rsa     = MCPTest::Key->get('RSA-2048');
my $as      = MCPTest::AS->start(keys => [ $one, $rsa ]);
my $other   = MCPTest::AS->start(keys => [$one]);
my $backend = MCPTest::Backend->start;
my $httpd   = MCPTest::Httpd->start(
    vars  => { AS => $as->issuer, OTHER => $other->issuer, BACKEND => $backend->url },
    files => { 'htdocs/tenant/.htaccess' => "AuthType MCP\nMCPResource https://mcp.example/a\nRequire mcp-scope s\n" },
    conf  => <<'END');
ServerLimit 1
StartServers 1
MCPRefresh 1s 1s
MCPIssuer @AS@
MCPIssuer @OTHER@
ProxyPass /tenant !
ProxyPass / @BACKEND@/
<Location "/a">
    AuthType MCP
    MCPResource https://mcp.example/a
    Require mcp-scope s
</Location>
<Location "/more">
    AuthType MCP
    MCPResource https://mcp.example/a
    Require mcp-scope s more
</Location>
<Location "/b">
    AuthType MCP
    MCPResource https://mcp.example/b
    Require valid-user
</Location>
<Location "/trust">
    AuthType MCP
    MCPResource https://mcp.example/a
    MCPTrustIssuer @OTHER@
    Require valid-user
</Location>
<Location "/strict">
    AuthType MCP
    MCPResource https://mcp.example/a
    MCPClockSkew 0
    Require valid-user
</Location>
<Location "/public">
    Require all granted
</Location>
Listen 127.0.0.1:@PORT2@
<VirtualHost *:@PORT2@>
    MCPAlgorithms ES256
</VirtualHost>
Listen 127.0.0.1:@PORT3@
<VirtualHost *:@PORT3@>
    MCPTokenType at+jwt
</VirtualHost>
Listen 127.0.0.1:@PORT4@
<VirtualHost *:@PORT4@>
    MCPClaim user email
</VirtualHost>
Listen 127.0.0.1:@PORT5@
<VirtualHost *:@PORT5@>
    MCPTokenCache off
</VirtualHost>
END
my $jwt  = MCPTest::JWT->new(key => $one, iss => $as->issuer, aud => 'https://mcp.example/a', scope => 's', sub => 'alice', email => 'alice@example.com');
my %http = map { $_ => MCPTest::HTTP->new($httpd->port($_)) } 1 .. 5;
sub get ($path, $token, $port = 1) { return $http{$port}->get($path, Authorization => "Bearer $token") }
sub status (@args) { return get(@args)->status }

# G-01: one token, many places; each says what it would say to a token it has never seen, in any order and each time.
my $token = $jwt->mint(_key => $rsa, _header => { typ => 'JWT' });
my @places = (
    [ '/a', 1, 200 ], [ '/more', 1, 403 ], [ '/b', 1, 401 ], [ '/trust', 1, 401 ], [ '/strict', 1, 200 ], [ '/public', 1, 200 ],
    [ '/a', 2, 401 ], [ '/a', 3, 401 ], [ '/a', 4, 200 ], [ '/a', 5, 200 ],
);
for my $round (1 .. 3) {
    for my $place ($round == 2 ? reverse @places : @places) {
        my ($path, $port, $want) = @$place;
        is status($path, $token, $port), $want, "G-01 round $round: $path on port $port: $want";
    }
}
for my $case ([ 1, 'alice' ], [ 4, 'alice@example.com' ], [ 1, 'alice' ]) {
    my ($port, $user) = @$case;
    $backend->clear;
    get('/a', $token, $port);
    is_deeply [ $backend->seen('X-MCP-Subject') ], ['alice'], "G-01 port $port: the subject";
    is $httpd->wait_log(qr{^\S+ \Q$user\E "GET /a}m, 5, 'access_log'), 1, "G-01 port $port: its own user";
    $httpd->mark;
}
$backend->clear;
get('/public', $token);
is_deeply [ $backend->seen('X-MCP-Subject') ], [], 'a place without rules knows nobody';

# G-02: expiry is that of the token, to the second, however often it was seen.
my $end   = int(time) + 4;
my $short = $jwt->mint(exp => $end);
my %seen;
while (time < $end + 1) {
    my $asked  = time;
    my $status = status('/strict', $short);
    $seen{before}{$status}++ if time < $end;
    $seen{after}{$status}++  if $asked > $end;
    sleep 0.05;
}
is_deeply [ sort keys %{ $seen{before} } ], [200], 'G-02 before its end';
is_deeply [ sort keys %{ $seen{after} } ], [401], 'G-02 after its end';
my $later = $jwt->mint(nbf => int(time) + 2);
is status('/strict', $later), 401, 'not yet';
sleep 2.2;
is status('/strict', $later), 200, 'but then, though it was refused before';

# Refused tokens are not remembered as anything else, nor good ones as refused.
my $bad = $jwt->mint(_signature => 'x' x 64);
is status('/a', $bad), 401, 'a bad signature' for 1 .. 3;
my $good = $jwt->mint;
is status('/a', $good), 200, 'a good one';
my ($head, $rest) = $good =~ /^(.*\.)(.*)\z/;
is status('/a', $head . ($rest =~ s/^(.)/$1 eq 'A' ? 'B' : 'A'/er)), 401, 'its twin with another signature';
is status('/a', $good . 'x'), 401, 'and with a longer one';
is status('/a', $good), 200, 'the good one still';

# G-05: a .htaccess file counts as it is now.
is status('/tenant/x', $good), 404, 'a tenant lets it in';
$httpd->write_file('htdocs/tenant/.htaccess', "AuthType MCP\nMCPResource https://mcp.example/a\nRequire mcp-scope more\n");
is status('/tenant/x', $good), 403, 'G-05 and does not with another rule';
$httpd->write_file('htdocs/tenant/.htaccess', "AuthType MCP\nMCPResource https://mcp.example/other\nRequire mcp-scope s\n");
is status('/tenant/x', $good), 401, 'G-05 nor for another resource';

# G-04: a withdrawn key takes its tokens with it; keys that come beside it do not.
$as->keys($one, $rsa, $two);
ok wait_until(6, sub { status('/a', $jwt->mint(_key => $two)) == 200 }), 'another key beside';
is status('/a', $good), 200, 'what was verified before is good';
$as->keys($two);
ok wait_until(6, sub { status('/a', $good) == 401 }), 'G-04 a withdrawn key ends for remembered tokens as well';
is status('/a', $token), 401, 'G-04 for all of them';
$as->keys($one);
ok wait_until(6, sub { status('/a', $good) == 200 }), 'and begins again';

# G-06: many tokens, and the favourite among them.
my @many = map { status('/a', $jwt->mint(sub => "user$_")) } 1 .. 40;
is scalar(grep { $_ == 200 } @many), 40, 'G-06 many tokens';
is status('/a', $good), 200, 'G-06 and the first again';

done_testing;
