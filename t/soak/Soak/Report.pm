package Soak::Report;
# What a soak has seen, as Markdown.
#
#   print Soak::Report::text($result);     # { seen, counts, watch => { name => Soak::Watch }, log => { name => text }, trouble => [texts] }
#   print Soak::Report::minute($result);   # one line on the way

use v5.36;
use List::Util 'sum0';
use Soak::Requests;
use Soak::Tokens;

my @FIGURES = qw(processes zombies parent_kb child_kb parent_fds child_fds busy leaving);
my @GROWS   = qw(processes parent_kb child_kb parent_fds child_fds);
my %WORDS   = (
    parent_kb => 'memory of the parent, KiB', child_kb => 'memory of a child, most, KiB', parent_fds => 'descriptors of the parent',
    child_fds => 'descriptors of a child, most', busy => 'busy workers', leaving => 'workers that leave',
);

sub row (@cells) { return '| ' . join(' | ', @cells) . " |\n" }
sub table ($head, @rows) { return row(@$head) . row('---', ('---:') x $#$head) . join('', map { row(@$_) } @rows) . "\n" }
sub words ($name) { return $WORDS{$name} // $name }

# How often each kind was answered with each status.
sub answers ($seen, @kinds) {
    my %status = map { $_ => 1 } map { keys %{ $seen->{$_} // {} } } @kinds;
    my @status = sort keys %status;
    my $line   = sub ($kind, $of) { [ $kind, sum0(values %$of), map { $of->{$_} // '' } @status ] };
    return table([ 'kind', 'requests', @status ], map { $line->($_, $seen->{$_} // {}) } @kinds);
}

sub pairs ($counts) { return table([ 'what', 'times' ], map { [ $_, $counts->{$_} ] } sort keys %$counts) }

sub times_taken ($counts) { return pairs({ map { ($_ < 1e9 ? "below $_ s" : 'longer') => $counts->{$_} } keys %$counts }) }

# The looks of each minute, and how they grew.
sub course ($watch) {
    my ($minute, @rows) = -1;
    for my $look (@{ $watch->looks }) {
        next if int($look->{at} / 60) == $minute;
        $minute = int($look->{at} / 60);
        push @rows, [ $minute, map { $look->{$_} } @FIGURES ];
    }
    my %grows = map { $_ => sprintf '%+.1f', $watch->growth($_, 60) } @GROWS;
    my %rise  = map { $_ => $watch->rise($_) } @GROWS;
    push @rows, [ 'second half, an hour', map { $grows{$_} // '' } @FIGURES ], [ 'rise', map { $rise{$_} // '' } @FIGURES ];
    return table([ 'minute', map { words($_) } @FIGURES ], @rows);
}

# Lines of a log by their mark, or by the number that httpd gives its own, each with the first of them.
sub marks ($text) {
    my (%count, %first);
    for my $line (map { s/^(?:\[[^]]*\] )*//r } split /\n/, $text) {
        my $mark = $line =~ /\b(MCP\d{4}|AH\d{5})\b/ ? $1 : $line;
        $first{$mark} = substr $line, 0, 200 if !$count{$mark}++;
    }
    return "nothing\n\n" if !%count;
    return table([ 'mark', 'lines', 'the first' ], map { [ $_, $count{$_}, $first{$_} =~ tr/|`/  /r ] } sort keys %count);
}

sub status_lines ($watch) {
    my $mcp = $watch->looks->[-1]{mcp} // {};
    return pairs({ map { $_ => $mcp->{$_} } grep { !/URL|Static/ } keys %$mcp });
}

sub text ($result) {
    my $seen  = $result->{seen};
    my $total = $seen->{total}{all} // {};
    my @count = map { $total->{$_} // 0 } 'requests', 'repeated, shaken', 'repeated, steady', 'wrong';
    my $text  = sprintf "%d requests, %d and %d (shaken, steady) repeated on a new connection, %d wrong or lost; ", @count;
    $text .= sprintf "%d event streams, %d of them whole, with %d events.\n\n", map { $seen->{stream}{all}{$_} // 0 } qw(opened whole events);
    $text .= "### Tokens\n\n" . answers($seen->{token}, Soak::Tokens::kinds());
    $text .= "### Requests\n\n" . answers($seen->{request}, Soak::Requests::kinds());
    $text .= "### Time to the answer\n\n" . times_taken($seen->{time}{all} // {});
    my %left = map { ("a client left $_" => $seen->{left}{$_}{times}) } keys %{ $seen->{left} // {} };
    $text .= "### What was done\n\n" . pairs({ %{ $result->{counts} }, %left });
    for my $name (sort keys %{ $result->{watch} }) {
        my $watch = $result->{watch}{$name};
        $text .= "### httpd, $name\n\n" . course($watch) . "Zombies that stayed: @{[ $watch->zombies ]}.\n\n";
        $text .= status_lines($watch) . "Its log:\n\n" . marks($result->{log}{$name});
    }
    my @wrong = map { "- $_\n" } @{ $seen->{wrong} }, @{ $result->{trouble} };
    return $text . "### Wrong\n\n" . (@wrong ? join '', @wrong : "nothing\n");
}

sub minute ($result) {
    my $total = $result->{seen}{total}{all} // {};
    my $last  = sub ($look) { join ' ', map { "$_=$look->{$_}" } @FIGURES };
    my @one   = map { "$_ " . $last->($result->{watch}{$_}->looks->[-1]) } sort keys %{ $result->{watch} };
    return sprintf "# %s: %d requests, %d wrong; %s\n", scalar(localtime), (map { $total->{$_} // 0 } qw(requests wrong)), join '; ', @one;
}

1;
