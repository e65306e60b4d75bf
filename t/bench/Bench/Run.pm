package Bench::Run;
# What one case costs a server: CPU time of its processes for a number of requests, in interleaved rounds.
#
#   my $cost = Bench::Run::rounds($rounds, [$case, ...]);      # { case's name => { cost => [us ...], rate => [per second ...] } }
#   Bench::Run::above($cost, 'warm', 'none')                   # median of the differences of each round
#   Bench::Run::pinned(sub { MCPTest::Httpd->start(...) })     # what is started runs on the server's core alone
#
# A case is { name, server (a hash with pid and port), path, count, status, and
#   tokens => a file of them, gone round;  body => a file that is posted;  warm => requests before each measurement, not counted;
#   connections => 4 by default;
#   fresh  => 1: every round goes on in the file where the last one ended
#   run    => sub ($case, $first): instead of a server, returns (us per request, requests per second) }
#
# CPU time is the sum over a server's processes by their CPU clocks (clock_getcpuclockid(3)), to the nanosecond; the client
# runs on the other cores and is not counted. An answer of another status than the case's own dies: it would be another case.

use v5.36;
use List::Util 'sum0';
use MCPTest::Util qw(build_dir run);
use Time::HiRes 'clock_gettime';

my @CORES = cores();

sub cores () {
    my ($list) = run([ 'taskset', '-cp', $$ ])->{out} =~ /: (\S+)\s*\z/ or return ();
    return map { /(\d+)-(\d+)/ ? ($1 .. $2) : $_ } split /,/, $list;
}

sub core_count () { return scalar @CORES }

sub pin ($to) { run([ 'taskset', '-cp', $to, $$ ]); return }

# The client's cores are those that the server has not; on a machine with one core nothing is pinned.
sub pin_client () { pin(join ',', @CORES[ 1 .. $#CORES ]) if @CORES > 1; return }

# Starts something on the first core, or on that many.
sub pinned ($start, $count = 1) {
    pin(join ',', @CORES[ 0 .. $count - 1 ]) if @CORES > 1;
    my $started = eval { $start->() };
    my $why     = $@;
    pin_client();
    return $started // die $why;
}

# Seconds of CPU time of a server so far.
sub cpu ($server) {
    my $pid = $server->pid;
    return sum0 map { clock_gettime(-8 * ($_ + 1) + 2) } $pid, split ' ', `ps -o pid= --ppid $pid`;
}

sub tool ($name) { return build_dir() . "/t/bench/$name" }

# The load itself: (seconds, { status => number }).
sub load ($case, $count, $first) {
    my @tokens = $case->{tokens} ? ($case->{tokens}, $first) : ();
    my @body   = $case->{body} ? (-b => $case->{body}) : ();
    my $done   = run([ tool('load'), @body, $case->{server}->port($case->{port} // ()), $case->{path}, $case->{connections} // 4, $count, @tokens ]);
    die "$case->{name}: $done->{err}" if $done->{exit} || $done->{signal};
    my ($seconds, @status) = split /[ =\n]/, $done->{out};
    return ($seconds, {@status});
}

# Whether a case is answered as it should be.
sub works ($case) {
    my ($seconds, $status) = eval { load($case, 4, 0) } or return 0;
    return ($status->{ $case->{status} } // 0) == 4;
}

# (us per request, requests per second)
sub measure ($case, $first) {
    return $case->{run}->($case, $first) if $case->{run};
    load($case, $case->{warm}, 0) if $case->{warm};
    my $before = cpu($case->{server});
    my ($seconds, $status) = load($case, $case->{count}, $first);
    my $spent = cpu($case->{server}) - $before;
    my %other = %$status;
    delete $other{ $case->{status} };
    die "$case->{name}: expected $case->{status}, got @{[ %$status ]}\n" if %other;
    return (1e6 * $spent / $case->{count}, $case->{count} / $seconds);
}

# A case that stands there several times is measured as often, and its mean counts for the round.
sub rounds ($rounds, $cases) {
    my %cost;
    for my $round (0 .. $rounds - 1) {
        print STDERR "# round @{[ $round + 1 ]} of $rounds\n" if -t STDERR;
        my %seen;
        for my $case (@$cases) {
            my ($cost, $rate) = measure($case, $case->{fresh} ? $round * $case->{count} : 0);
            push @{ $seen{ $case->{name} }{cost} }, $cost;
            push @{ $seen{ $case->{name} }{rate} }, $rate;
        }
        for my $name (keys %seen) {
            push @{ $cost{$name}{$_} }, sum0(@{ $seen{$name}{$_} }) / @{ $seen{$name}{$_} } for qw(cost rate);
        }
    }
    return \%cost;
}

sub median (@values) {
    my @sorted = sort { $a <=> $b } @values;
    return ($sorted[ $#sorted / 2 ] + $sorted[ @sorted / 2 ]) / 2;
}

sub cost ($cost, $name) { return median(@{ $cost->{$name}{cost} }) }
sub rate ($cost, $name) { return median(@{ $cost->{$name}{rate} }) }

sub above ($cost, $name, $none) {
    my ($these, $those) = map { $cost->{$_}{cost} } $name, $none;
    return median(map { $these->[$_] - $those->[$_] } 0 .. $#$these);
}

# A markdown table: the first row is its head, a column is right-aligned but the first.
sub table ($head, @rows) {
    my $line = sub (@cells) { return '| ' . join(' | ', @cells) . " |\n" };
    return $line->(@$head), $line->('---', ('---:') x $#$head), (map { $line->(@$_) } @rows), "\n";
}

1;
