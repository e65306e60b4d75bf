#!/usr/bin/perl
# Mixed load for a long time, while everything around is rotated, restarted and taken away: is every answer what it must be then, and do
# memory, descriptors and processes stay what they are? Prints Markdown; fails when an answer was wrong or lost.
#
#   make soak MINUTES=30                   # MPM=worker or prefork; RATE=100 requests a second; CALLERS=5
#
# Every 5 seconds one of the two httpds is restarted gracefully, every 6 keys are rotated, every 23 redis dies or hangs, every 50 the
# authorization server goes away, or hangs, for 6. Everything is on the loopback, and ends with this process.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib", $FindBin::Bin;
use List::Util qw(max min);
use MCPTest::HTTP;
use MCPTest::Util qw(tempdir wait_until);
use POSIX 'WNOHANG';
use Soak::Client;
use Soak::Diary;
use Soak::Report;
use Soak::Site;
use Soak::Tokens;
use Soak::Watch;
use Test::More;
use Time::HiRes qw(sleep time);

my $minutes = $ENV{MINUTES} || 30;
my $rate    = $ENV{RATE}    || 100;
my $callers = $ENV{CALLERS} || 5;
my $mpm     = $ENV{MPM}     || 'event';

# What is done at which time: [ time, what ]. What was due while something else took its time is done then, once.
my @due;
sub at ($when, $do) { @due = sort { $a->[0] <=> $b->[0] } @due, [ $when, $do ]; return }

sub every ($seconds, $do, $first = $seconds) {
    my $again;
    $again = sub { $do->(); at(time + $seconds, $again) };
    at(time + $first, $again);
    return;
}

$| = 1;
$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);    # so that what was started is ended
my $dir   = tempdir();
my $site  = Soak::Site->start(mpm => $mpm);
my $diary = Soak::Diary->new("$dir/diary");
$diary->note($_ => 0) for qw(withdrawing withdrawn);
$diary->note(published => $_) for 1 .. 3;
my $newest = 3;

# Keys are published one rotation before they sign. None is rotated in an outage, nor before all is well again.
sub rotate () {
    $diary->update;
    return if $diary->is_away(time - 5, time + 1);
    $diary->note('withdrawing', $newest - 2);
    $site->publish(++$newest);
    $diary->note('withdrawn', $newest - 3);
    $diary->note('published', $newest);
    return;
}

sub redis () {
    state $turn = 0;
    my $hangs = ++$turn % 4 == 0;
    $diary->note(redis => $hangs ? 'hangs' : 'restart');
    $hangs ? $site->{redis}->freeze : $site->{redis}->down;
    at(time + 1.5, \&redis_back);
    return;
}

sub redis_back () {
    $site->{redis}->up;
    $site->{redis}->thaw;
    return;
}

sub outage () {
    state $turn = 0;
    my $how = (qw(down hang 500))[ $turn++ % 3 ];
    $diary->note(away => $how);
    $how eq 'down' ? $site->{as}->down : behave($how);
    at(time + 6, sub { as_back(); $diary->note(back => $how) });
    return;
}

sub behave ($as_told) { $site->{as}->behave(map { $_ => $as_told } qw(jwks metadata introspect)); return }

sub as_back () {
    $site->{as}->up;
    behave(undef);
    return;
}

sub restart () {
    $diary->note('graceful');
    kill USR1 => $site->{httpd}{shaken}->pid;
    return;
}

my %watch = map { $_ => Soak::Watch->new($site->{httpd}{$_}, 60 * $minutes) } keys %{ $site->{httpd} };
my $start = time;
my %plan  = (
    dir => $dir, diary => "$dir/diary", issuer => $site->{as}->issuer, until => $start + 60 * $minutes, pause => $callers / $rate,
    urls => { map { $_ => $site->{httpd}{$_}->url } keys %{ $site->{httpd} } },
);

sub look () { $_->look(time - $start) for values %watch; return }

sub so_far () {
    $diary->update;
    return { seen => Soak::Client::seen(\%plan), counts => $diary->counts, watch => \%watch };
}

$diary->update;
for my $url (values %{ $plan{urls} }) {
    my $token = Soak::Tokens->new($plan{issuer}, $diary)->take('key in use');
    my @field = (Authorization => $token->{field}, 'X-Soak-Subject' => $token->{sub});
    ok wait_until(10, sub { MCPTest::HTTP->new($url)->get('/plain/x', @field)->status =~ /^(?:200|403)$/ }), 'the keys are there';
}
my %many    = (caller => $callers, listener => 4, leaver => 2);
my @clients = map { my $role = $_; map { Soak::Client::start($role => \%plan, $_) } 1 .. $many{$role} } sort keys %many;
my $owner = $$;
END { kill TERM => @clients if @clients && $owner == $$ }

every(5,  \&restart);
every(6,  \&rotate);
every(23, \&redis);
every(50, \&outage, 20);
every(10, \&look, 1);
every(60, sub { print STDERR Soak::Report::minute(so_far()) });
while (time < $plan{until}) {
    while (@due && $due[0][0] <= time) { (shift @due)->[1]->() }
    sleep max(0.01, min(0.2, @due ? $due[0][0] - time : 0.2));
}

# What was taken away comes back; clients finish what they have begun.
redis_back();
as_back();
wait_until(40, sub { @clients = grep { waitpid($_, WNOHANG) == 0 } @clients; !@clients });
is scalar @clients, 0, 'every client came to its end';
look();
sleep 3;
look();
my $result = so_far();
$result->{log} = { map { $_ => $site->{httpd}{$_}->error_log(all => 1) } keys %watch };
$result->{trouble} = [ $site->{backend}->intruders, $site->stop ];
push @{ $result->{trouble} }, "begun twice ($_): " . join ' ', $site->twice($_) for grep { $site->twice($_) } sort keys %watch;
my $secret = join "\n", grep { /eyJ[\w-]{20}|soak-opaque-\w{8}/ } map { split /\n/ } values %{ $result->{log} };
push @{ $result->{trouble} }, "a token in the log: $secret" if $secret ne '';

printf "%s minutes, MPM %s, %d requests a second at most.\n\n", $minutes, $mpm, $rate;
print Soak::Report::text($result);
is $result->{seen}{total}{all}{wrong} // 0, 0, 'no answer was wrong or lost';
is_deeply $result->{trouble}, [], 'nothing else went wrong';
for my $name (sort keys %watch) {
    is $watch{$name}->zombies, 0, "no zombies ($name)";
    is $watch{$name}->rise($_), 0, "$_ did not rise ($name)" for qw(processes parent_fds child_fds);
}
done_testing;
