#!/usr/bin/perl
# What a request costs, with this module and without, against its peers, and how that grows. Prints markdown.
#
#   make bench                              # the parts cost, memory, instructions and hostile
#   make bench PART=issuers,keys            # others, see %PART; PART=all for every one
#   ROUNDS=5 REQUESTS=2000 make bench
#   make bench-deps                         # the peers and h2load; what is not installed is left out, and said so
#
# Everything is on the loopback. Servers run on the first core, the client on the others; cases take turns, a round each, and
# what is printed are medians over the rounds. Quote what is "above": a machine's own speed is in every figure of a run alike.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib", $FindBin::Bin;
use Test::More;
use Bench::Callgrind;
use Bench::Cost;
use Bench::Hostile;
use Bench::Operations;
use Bench::Run;
use Bench::Sweeps;
use MCPTest::Util 'run';

my @DEFAULT = qw(cost memory instructions hostile);
my @ORDER   = qw(cost memory instructions hostile operations mpm protocol cores issuers keys scopes size locations);
my %PART    = (
    cost         => \&Bench::Cost::compare,
    memory       => \&Bench::Cost::memory,
    instructions => \&Bench::Callgrind::instructions,
    hostile      => \&Bench::Hostile::compare,
    operations   => \&Bench::Operations::operations,
    mpm          => \&Bench::Sweeps::mpm,
    protocol     => \&Bench::Sweeps::protocol,
    cores        => \&Bench::Sweeps::cores,
    issuers      => \&Bench::Sweeps::issuers,
    keys         => \&Bench::Sweeps::keys,
    scopes       => \&Bench::Sweeps::scopes,
    size         => \&Bench::Sweeps::size,
    locations    => \&Bench::Sweeps::locations,
);

# The machine and the versions, as far as they can be asked.
sub machine () {
    my ($cpu) = run(['lscpu'])->{out} =~ /^Model name:\s*(.*)/m;
    my @packages = run([ 'dpkg-query', '-W', '-f', '${Package} ${Version}\n', qw(apache2-bin libssl3 libjansson4 libapache2-mod-auth-openidc libapache2-mod-oauth2 haproxy) ])->{out} =~ /^(\S+ \S+)$/mg;
    return join ', ', grep { defined } $cpu, Bench::Run::core_count() . ' cores', @packages;
}

my $rounds   = $ENV{ROUNDS} || 15;
my $requests = $ENV{REQUESTS} || 3000;
my $plan     = { rounds => $rounds, count => $requests, few => int($requests / 2) || 1 };
my @parts    = $ENV{PART} ? split /[ ,]+/, $ENV{PART} : @DEFAULT;
@parts = @ORDER if "@parts" eq 'all';
die "no such part: $_; there are @ORDER\n" for grep { !$PART{$_} } @parts;

$| = 1;
say machine(), ".\n";
say "$rounds rounds of $requests requests ($plan->{few} where each token is new); medians.\n";
Bench::Run::pin_client();
for my $part (@parts) {
    say "### $part\n";
    $PART{$part}->($plan);
}
pass 'measured';
done_testing;
