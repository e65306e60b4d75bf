#!/usr/bin/perl
# What a request costs: CPU time of httpd per request, with and without the module, in interleaved rounds of one run.
#
#   make bench                       # prints the table
#   ROUNDS=5 REQUESTS=20000 make bench
#
# CPU time is that of all httpd processes (utime + stime); ab, which makes the load, is not counted. Quote the column
# "above none": the machine's own speed is in every figure of a run alike.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use List::Util 'sum0';
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;
use MCPTest::Util 'run';

my $ROUNDS   = $ENV{ROUNDS}   || 5;
my $REQUESTS = $ENV{REQUESTS} || 20_000;
my $TICKS    = `getconf CLK_TCK`;

my %key   = (RS256 => MCPTest::Key->get('RSA-2048'), ES256 => MCPTest::Key->get('P-256'), EdDSA => MCPTest::Key->get('Ed25519'));
my $httpd = MCPTest::Httpd->start(
    log_level => 'warn',
    files     => { 'htdocs/x.txt' => "hello\n", 'conf/keys.json' => MCPTest::Key::jwks(values %key) },
    conf      => <<'END');
KeepAlive On
MaxKeepAliveRequests 0
CustomLog /dev/null common
<MCPIssuer "https://auth.example.com">
    MCPKeys file:@ROOT@/conf/keys.json
</MCPIssuer>
Alias /none @ROOT@/htdocs/x.txt
Alias /mcp  @ROOT@/htdocs/x.txt
Listen 127.0.0.1:@PORT2@
<VirtualHost *:@PORT2@>
    MCPTokenCache off
</VirtualHost>
<Location "/none">
    Require all granted
</Location>
<Location "/mcp">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/mcp
    Require mcp-scope files:read
</Location>
END

sub token ($alg, %more) {
    return MCPTest::JWT->new(key => $key{$alg}, iss => 'https://auth.example.com', aud => $httpd->url('/mcp'))
        ->mint(scope => 'files:read', exp => time + 86_400, %more);
}

my $spoiled = token('RS256', _signature => "\x01" x 256);
my @cases   = (
    [ 'none: no authentication'  => '/none', undef ],
    [ 'RS256, warm'              => '/mcp',  token('RS256') ],
    [ 'RS256, MCPTokenCache off' => '/mcp',  token('RS256'), 2 ],
    [ 'ES256, warm'              => '/mcp',  token('ES256') ],
    [ 'ES256, MCPTokenCache off' => '/mcp',  token('ES256'), 2 ],
    [ 'EdDSA, warm'              => '/mcp',  token('EdDSA') ],
    [ 'EdDSA, MCPTokenCache off' => '/mcp',  token('EdDSA'), 2 ],
    [ 'RS256, wrong signature'   => '/mcp',  $spoiled ],
    [ 'no token'                 => '/mcp',  undef ],
    [ 'RS256, 403 of the scope'  => '/mcp',  token('RS256', scope => 'other') ],
);

# CPU seconds of one process so far; 0 when it is gone.
sub cpu_of ($pid) {
    open my $stat, '<', "/proc/$pid/stat" or return 0;
    my @fields = split ' ', (<$stat> =~ s/^.*\) //sr);
    return ($fields[11] + $fields[12]) / $TICKS;
}

# The same of all of httpd.
sub cpu () {
    my $pid = $httpd->pid;
    return sum0 map { cpu_of($_) } $pid, split ' ', `ps -o pid= --ppid $pid`;
}

sub measure ($path, $token, $port = 1) {
    my $before = cpu();
    my $ab = run([ 'ab', '-q', '-k', '-c', 4, '-n', $REQUESTS, $token ? (-H => "Authorization: Bearer $token") : (), 'http://127.0.0.1:' . $httpd->port($port) . $path ]);
    my ($rate) = $ab->{out} =~ /Requests per second:\s+([\d.]+)/ or die "ab: $ab->{out}$ab->{err}";
    return (1e6 * (cpu() - $before) / $REQUESTS, $rate);
}

sub median (@values) { return (sort { $a <=> $b } @values)[ @values / 2 ] }

my (%cost, %rate);
for my $round (1 .. $ROUNDS) {
    for my $case (@cases) {
        my ($cost, $rate) = measure(@$case[ 1 .. $#$case ]);
        push @{ $cost{ $case->[0] } }, $cost;
        push @{ $rate{ $case->[0] } }, $rate;
    }
}

my $none = median(@{ $cost{ $cases[0][0] } });
printf "%-26s %12s %12s %12s\n", 'case', 'us/request', 'above none', 'requests/s';
for my $case (@cases) {
    my $cost = median(@{ $cost{ $case->[0] } });
    printf "%-26s %12.1f %12.1f %12.0f\n", $case->[0], $cost, $cost - $none, median(@{ $rate{ $case->[0] } });
}
say "# $ROUNDS rounds of $REQUESTS requests each, interleaved; medians; " . $httpd->mpm . ' MPM, plain HTTP/1.1 with keep-alive';
pass 'measured';
done_testing;
