package Bench::Callgrind;
# Instructions per request, by valgrind's callgrind, and the functions they are spent in.
#
#   Bench::Callgrind::instructions($plan);
#
# httpd runs as one process with one thread (prefork, httpd -X). It is started twice, answers $N requests and twice as many, and
# what the second run has more, divided by $N, is one request: start and stop are in both. Instructions are the same on a
# busy machine; but valgrind knows no SHA instructions, so that what hashes is dearer here than in time.

use v5.36;
use Bench::Cost;
use Bench::Run;
use Bench::Servers;
use Bench::Tokens;
use List::Util 'sum0';
use MCPTest::Util qw(slurp tempdir);

my $N = 500;

# The profile of a server that answers $count requests: a file of callgrind's.
sub profile ($start, $case, $count, $file) {
    my $server = $start->(mpm => 'prefork', single => 1, quiet => 1, under => [ 'valgrind', '--tool=callgrind', "--callgrind-out-file=$file" ])
        // return 0;
    chmod 0666, $file;    # httpd has become another user when it is written
    my ($seconds, $status) = Bench::Run::load({ %$case, server => $server, connections => 1 }, $count, 0);
    $server->stop;
    die "$case->{name}: @{[ %$status ]}\n" if ($status->{200} // 0) != $count;
    return 1;
}

# What callgrind has written: { self, with => { "object: function" => instructions }, all }, where with has the functions that
# each has called as well. Names are given once and numbered (Callgrind Format Specification, "name compression").
sub read_profile ($file) {
    my (%name, %now, %self, %with, $called);
    my $named = sub ($kind, $text) { $text =~ /^\((\d+)\)(?: (.*))?/ ? ($name{$kind}{$1} = $2 // $name{$kind}{$1}) : $text };
    my $title = sub ($object, $function) { ($object =~ s{.*/}{}r =~ s/\.so.*//r) . ": $function" };
    for my $line (split /\n/, slurp($file)) {
        if ($line =~ /^(c?)(ob|fn)=(.*)/) { $now{"$1$2"} = $named->($2, $3) }
        elsif ($line =~ /^calls=/)        { $called = 1 }
        elsif ($line =~ /^[+\-*\d]\S* (\d+)/) {
            if   ($called) { $with{ $title->(delete $now{cob} // $now{ob}, $now{cfn}) } += $1 }
            else           { $self{ $title->(@now{qw(ob fn)}) } += $1 }
            $called = 0;
        }
    }
    return { self => \%self, with => \%with, all => sum0 values %self };
}

# The same per request, out of the profiles of $N and 2 * $N requests.
sub per_request ($once, $twice) {
    my ($less, $more) = map { read_profile($_) } $once, $twice;
    my %request = (all => ($more->{all} - $less->{all}) / $N);
    for my $kind (qw(self with)) {
        $request{$kind} = { map { $_ => ($more->{$kind}{$_} - ($less->{$kind}{$_} // 0)) / $N } keys %{ $more->{$kind} } };
    }
    return \%request;
}

# [name, how to start, path, tokens]
sub subjects ($as) {
    my ($warm, $new) = map { Bench::Tokens::mint('RS256', $_) } 1, 2 * $N;
    my %start = (
        ours    => sub (%opt) { Bench::Servers::ours($as, %opt) },
        openidc => sub (%opt) { Bench::Servers::openidc($as, %opt) },
        oauth2  => sub (%opt) { Bench::Servers::oauth2($as, %opt) },
    );
    return (
        [ 'httpd, no authentication',                 \&Bench::Servers::plain, '/none' ],
        [ 'mod_auth_mcp, warm token',                 $start{ours},    '/mcp', $warm ],
        [ 'mod_auth_mcp, each token new',             $start{ours},    '/mcp', $new ],
        [ 'httpd, no authentication, the token sent', \&Bench::Servers::plain, '/none', $warm ],
        [ 'mod_auth_openidc, one token',              $start{openidc}, '/mcp', $warm ],
        [ 'mod_oauth2, one token',                    $start{oauth2},  '/mcp', $warm ],
    );
}

# The dearest, as a table.
sub print_dearest ($spent, $title, $count, $which = qr/./) {
    my @names = (sort { $spent->{$b} <=> $spent->{$a} } grep { $_ =~ $which } keys %$spent)[ 0 .. $count - 1 ];
    say "$title:\n";
    print Bench::Run::table([ 'function', 'instructions' ], map { [ $_, sprintf '%.0f', $spent->{$_} ] } grep { defined && $spent->{$_} >= 1 } @names);
    return;
}

sub instructions ($plan) {
    my $dir = tempdir();
    chmod 0777, "$dir";
    my $as = Bench::Cost::authorization_server();
    my (@rows, @spent);
    my @subjects = subjects($as);
    for my $i (0 .. $#subjects) {
        my ($name, $start, $path, $tokens) = @{ $subjects[$i] };
        my $case = { name => $name, path => $path, tokens => $tokens };
        my @file = map { "$dir/$i-$_" } 1, 2;
        next if grep { !profile($start, $case, $N * $_, $file[ $_ - 1 ]) } 1, 2;
        $spent[$i] = per_request(@file);
        push @rows, [ $name, map { sprintf '%.0f', $_ } $spent[$i]{all}, $spent[$i]{all} - $spent[0]{all} ];
    }
    say "Instructions per request:\n";
    print Bench::Run::table([ 'request', 'all', 'above none' ], @rows);
    my ($none, $warm) = @spent;
    my %above = map { $_ => $warm->{self}{$_} - ($none->{self}{$_} // 0) } keys %{ $warm->{self} };
    print_dearest(\%above, 'A warm token, above no authentication: functions by themselves', 25);
    print_dearest($warm->{with}, 'A warm token: functions of mod_auth_mcp, each with all that it calls', 40, qr/^mod_auth_mcp/);
    return;
}

1;
