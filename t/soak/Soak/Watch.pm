package Soak::Watch;
# How an httpd goes on: memory, file descriptors and processes of its tree from /proc, what server-status says, and how a figure grows.
#
#   my $watch = Soak::Watch->new($httpd, $seconds_of_load);
#   $watch->look($seconds_since_the_start);
#   $watch->looks;                         # [ { at, processes, zombies, parent_kb, child_kb, parent_fds, child_fds, busy, ... } ]
#   $watch->zombies;                       # the most that stayed for longer than one look
#   $watch->growth('parent_kb', 60);       # an hour, a line fitted to the looks of the second half
#   $watch->rise('parent_fds');            # from the most of the first fifth to the least of the last; 0 when it is no rise
#
# Memory is RssAnon: what a process has of its own or has changed, without the program's files and what is shared on purpose. child_kb
# and child_fds are those of the child that has the most.

use v5.36;
use List::Util qw(max min sum0);
use MCPTest::HTTP;

sub new ($class, $httpd, $load) {
    return bless { httpd => $httpd, load => $load, looks => [], dead => {}, stayed => 0 }, $class;
}

sub looks ($self)   { return $self->{looks} }
sub zombies ($self) { return $self->{stayed} }

# Lines of a file of /proc as { name => value }; empty when the process has gone.
sub status ($pid) {
    open my $file, '<', "/proc/$pid/status" or return {};
    return { map { /^(\w+):\s*(\S+)/ ? ($1 => $2) : () } readline $file };
}

sub fds ($pid) {
    opendir my $dir, "/proc/$pid/fd" or return 0;
    return scalar grep { /^\d/ } readdir $dir;
}

# All processes below one, by what they say of their parents.
sub below ($pid) {
    my %status = map { m{(\d+)/status} ? ($1 => status($1)) : () } glob '/proc/[0-9]*/status';
    my %child;
    push @{ $child{ $status{$_}{PPid} // 0 } }, $_ for keys %status;
    my (@found, @next);
    push @next, @{ $child{$pid} // [] };
    while (my $one = shift @next) {
        push @found, $one;
        push @next, @{ $child{$one} // [] };
    }
    return { map { $_ => $status{$_} } @found };
}

sub look ($self, $at) {
    my $pid   = $self->{httpd}->pid;
    my $below = below($pid);
    my %dead  = map { $_ => 1 } grep { ($below->{$_}{State} // '') eq 'Z' } keys %$below;
    my @alive = grep { !$dead{$_} && $below->{$_}{RssAnon} } keys %$below;
    $self->{stayed} = max($self->{stayed}, scalar grep { $self->{dead}{$_} } keys %dead);
    $self->{dead}   = \%dead;
    push @{ $self->{looks} }, {
        at => $at, processes => 1 + @alive, zombies => scalar keys %dead,
        parent_kb  => status($pid)->{RssAnon} // 0,
        child_kb   => max(0, map { $below->{$_}{RssAnon} } @alive),
        parent_fds => fds($pid),
        child_fds  => max(0, map { fds($_) } @alive),
        %{ $self->server_status },
    };
    return;
}

# { busy, idle, leaving (G of the scoreboard), mcp => { all lines of the module } }
sub server_status ($self) {
    my $text = MCPTest::HTTP->new($self->{httpd}->url, timeout => 10)->get('/server-status?auto')->body;
    my %line = $text =~ /^(\S+): (.*)$/mg;
    my %mcp  = map { $_ => $line{$_} } grep { /^MCP/ } keys %line;
    my $leaving = () = ($line{Scoreboard} // '') =~ /G/g;
    return { busy => $line{BusyWorkers} // 0, idle => $line{IdleWorkers} // 0, leaving => $leaving, mcp => \%mcp };
}

# The looks while there was load: afterwards everything is less.
sub _loaded ($self) { return grep { $_->{at} <= $self->{load} } @{ $self->{looks} } }

# What rises and falls again does not count; from a few looks nothing can be told.
sub rise ($self, $name) {
    my @value = map { $_->{$name} } $self->_loaded;
    my $fifth = int(@value / 5);
    return 0 if $fifth < 5;
    return max(0, min(@value[ -$fifth .. -1 ]) - max(@value[ 0 .. $fifth - 1 ]));
}

# By least squares, for so many minutes.
sub growth ($self, $name, $minutes) {
    my @looks = $self->_loaded;
    @looks = @looks[ @looks / 2 .. $#looks ];
    return 0 if @looks < 3;
    my ($x, $y) = map { my $what = $_; sum0(map { $_->{$what} } @looks) / @looks } 'at', $name;
    my $var = sum0(map { ($_->{at} - $x)**2 } @looks) or return 0;
    return 60 * $minutes * sum0(map { ($_->{at} - $x) * ($_->{$name} - $y) } @looks) / $var;
}

1;
