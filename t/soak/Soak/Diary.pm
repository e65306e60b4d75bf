package Soak::Diary;
# What was done to the servers and when: one process writes, all read. What an answer may be is judged by it, after the answer came.
#
#   my $diary = Soak::Diary->new($file);
#   $diary->note('away', 'hang');                # before something that may change answers; 'back' when it is over
#   $diary->update;                              # reads what is new
#   $diary->newest;                              # the number of the key that was published last; older ones are numbers below it
#   $diary->at('published', 7);                  # when that was noted; undef when it was not
#   $diary->is_away($from, $to);                 # whether the authorization server was out of reach for a moment of that, or just before
#   $diary->is_fetched($since, $until);          # whether keys that were there at $since must be known at $until
#   $diary->counts;                              # { words => how often }
#
# 'away' and 'withdrawing' are noted before it is done, 'back', 'published' and 'withdrawn' after.

use v5.36;
use List::Util 'max';
use Time::HiRes 'time';

# After an outage the endpoint is left alone for up to 8 seconds (docs/operations.md); keys are fetched again within as many, since
# an outage lasts less than that.
my $PAUSE = 10;

# With MCPRefresh 2s 1s, and what a busy machine adds.
my $FETCH = 5;

sub new ($class, $file) {
    open my $write, '>>', $file or die "open $file: $!";
    open my $read,  '<',  $file or die "open $file: $!";
    return bless { write => $write, read => $read, rest => '', at => {}, away => [], counts => {}, newest => 0 }, $class;
}

sub note ($self, $what, $detail = '') {
    syswrite $self->{write}, sprintf("%.3f %s %s\n", time, $what, $detail) or die "diary: $!";
    return;
}

sub update ($self) {
    while (sysread $self->{read}, my $more, 65536) { $self->{rest} .= $more }
    while ($self->{rest} =~ s/\A(\S+) (\S+) (.*)\n//) {
        my ($when, $what, $detail) = ($1, $2, $3);
        $self->{counts}{ $what =~ /^(?:publish|withdr)/ ? $what : "$what $detail" =~ s/ \z//r }++;
        $self->{at}{$what}{$detail} = $when;
        push @{ $self->{away} }, [ $when, 9**9**9 ] if $what eq 'away';
        $self->{away}[-1][1] = $when if $what eq 'back';
        $self->{newest} = $detail if $what eq 'published';
    }
    return;
}

sub newest ($self)            { return $self->{newest} }
sub counts ($self)            { return $self->{counts} }
sub at ($self, $what, $which) { return $self->{at}{$what}{$which} }

sub is_away ($self, $from, $to) { return !!grep { $_->[0] <= $to && $_->[1] + $PAUSE >= $from } @{ $self->{away} } }

# Some time of $FETCH seconds without an outage lies between.
sub is_fetched ($self, $since, $until) {
    for my $outage (@{ $self->{away} }, [ $until, $until ]) {
        my $end = $outage->[0] < $until ? $outage->[0] : $until;
        return 1 if $end - $since >= $FETCH;
        $since = max($since, $outage->[1] + $PAUSE);
    }
    return 0;
}

1;
