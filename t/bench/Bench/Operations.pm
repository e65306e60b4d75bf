package Bench::Operations;
# What operation rules (MCPOperation) cost, by size and kind of the request body.
#
#   Bench::Operations::operations($plan);
#
# The same body is posted to three paths of one server: /none needs no token, /mcp needs one, /rules has rules as well. All
# answer with the same small file, for which httpd reads the body and drops it, where nobody else has read it: so what it
# takes to receive the body is in all three. Beside that stands what t/bench/walk.c needs to read it outside of any server.

use v5.36;
use Bench::Run;
use Bench::Servers;
use Bench::Sweeps;
use Bench::Tokens;
use Encode 'encode';
use List::Util qw(max min);
use MCPTest::Util qw(json_text run spew tempdir);

my $SCOPES = 'files:read files:write mcp:use';
my @RULES  = (
    'initialize * granted',
    'notifications/initialized * granted',
    'tools/list * tools:list',
    'tools/call list_directory files:list',
    'tools/call read_file files:read',
    'tools/call delete_* files:delete',
    'tools/call write_file files:write',
    '* * mcp:use',
);

# What arguments are made of, as JSON text: again and again until there is no room.
my $PROSE   = json_text("The clerk wrote \"received\" in the margin, and put the letter to the others.\n") =~ s/^"|"\z//gr;
my $FOREIGN = "\x{413}\x{434}\x{435} \x{3b8}\x{3ac}\x{3bb}\x{3b1}\x{3c3}\x{3c3}\x{3b1}, \x{6771}\x{4eac}\x{306e}\x{6d77} \x{1f30a} caf\x{e9}. ";
my $ESCAPED = json_text($FOREIGN) =~ s/^"|"\z//gr;
my @TEXT    = ('"', '"');
my @KINDS   = (
    [ 'a small call',               300,       $PROSE,                                        @TEXT ],
    [ 'prose, 10 KB',               10_240,    $PROSE,                                        @TEXT ],
    [ 'prose, 100 KB',              102_400,   $PROSE,                                        @TEXT ],
    [ 'prose, 1 MB',                1_048_576, $PROSE,                                        @TEXT ],
    [ 'small objects, 100 KB',      102_400,   '{"n":17,"x":-2.5,"ok":true,"next":[3,null]},', '[', '0]' ],
    [ 'not ASCII, 100 KB',          102_400,   encode('UTF-8', $FOREIGN),                     @TEXT ],
    [ 'the same, escaped, 100 KB',  102_400,   $ESCAPED,                                      @TEXT ],
);

my $DIR = tempdir();

# A file with a call of that many bytes; blanks fill what is left.
sub body ($bytes, $piece, $first, $last) {
    my $head = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"write_file","arguments":{"path":"letters.txt","content":' . $first;
    my $tail = "$last}}}";
    my $room = $bytes - length("$head$tail");
    my $text = $head . $piece x ($room / length $piece) . $tail;
    my $file = $DIR . '/body-' . ++state $made;
    spew($file, $text . ' ' x ($bytes - length $text));
    return $file;
}

sub server () {
    my $section = Bench::Servers::section('/rules') =~ s{(?=</Location>)}{join '', map { "    MCPOperation $_\n" } @RULES}er;
    return Bench::Sweeps::server("Alias /rules \@ROOT\@/htdocs/x.txt\n" . Bench::Sweeps::issuer() . Bench::Servers::section() . $section);
}

# A body, outside of any server, so often that it takes some milliseconds.
sub outside ($case, $rules, $way) {
    my $count = $case->{times};
    my $run   = sub ($outside, $first) {
        my $done = run([ 'taskset', '-c', (Bench::Run::cores())[0], Bench::Run::tool('walk'), $way, $case->{body}, $count, $rules, $SCOPES ]);
        my ($us, $good) = split ' ', $done->{out};
        die "$case->{name} $way: " . ($done->{err} || "$good of $count are good\n") if $done->{exit} || $good != $count;
        return ($us, 1e6 / ($us || 1));
    };
    return { name => "$case->{name} $way", run => $run };
}

# Large bodies are sent less often. The path without authentication is measured on either side of the others.
sub cases ($plan, $server, $tokens, $rules, $kind) {
    my ($name, $bytes, @made_of) = @$kind;
    my $count = max min($plan->{count}, 4), int $plan->{count} * min 1, 32_768 / $bytes;
    my %case  = (server => $server, status => 200, count => $count, warm => min($count, 20), body => body($bytes, @made_of));
    my $none  = { %case, name => "$name none", path => '/none' };
    my %let   = (%case, tokens => $tokens);
    return (
        $none,
        { %let, name => "$name token", path => '/mcp' },
        { %let, name => "$name rules", path => '/rules' },
        $none,
        map { outside({ %case, name => $name, times => max 1, int $plan->{count} * 10_000 / $bytes }, $rules, $_) } qw(bytes walk judge),
    );
}

# Microseconds, nanoseconds per byte, and how many times a bare walk that is.
sub print_costs ($of) {
    my @ways = qw(none token rules judge walk bytes);
    my @head = ('none', 'token, above', 'rules, above', 'judged', 'walk', 'plain reader');
    my (@request, @byte, @times);
    for my $kind (@KINDS) {
        my ($name, $bytes) = @$kind;
        my %us    = map { $_ => $of->($name, $_) } @ways;
        my $times = sub ($this, $measure) { return $us{$measure} > 0 ? sprintf '%.2f', $us{$this} / $us{$measure} : '' };
        push @request, [ $name, $bytes, map { sprintf '%.1f', $us{$_} } @ways ];
        push @byte, [ $name, map { sprintf '%.3f', 1000 * $us{$_} / $bytes } @ways ];
        push @times, [ $name, $times->(qw(judge walk)), $times->(qw(rules walk)), $times->(qw(judge bytes)), $times->(qw(rules bytes)) ];
    }
    say "CPU time per POST, in microseconds:\n";
    print Bench::Run::table([ 'body', 'bytes', @head ], @request);
    say "Nanoseconds per byte of the body:\n";
    print Bench::Run::table([ 'of each byte', @head ], @byte);
    say "How many times a bare walk that is:\n";
    print Bench::Run::table([ 'against', 'judged / walk', 'rules / walk', 'judged / plain reader', 'rules / plain reader' ], @times);
    return;
}

sub operations ($plan) {
    my $server = server();
    my $rules  = Bench::Tokens::file(@RULES);
    my $tokens = Bench::Tokens::mint('RS256', 1, scope => $SCOPES);
    my $cost   = Bench::Run::rounds($plan->{rounds}, [ map { cases($plan, $server, $tokens, $rules, $_) } @KINDS ]);
    my $of     = sub ($name, $what) {
        return $what =~ /token|rules/ ? Bench::Run::above($cost, "$name $what", "$name none") : Bench::Run::cost($cost, "$name $what");
    };
    print_costs($of);
    return;
}

1;
