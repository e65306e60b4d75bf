# Request bodies as other programs read them: whatever the module lets through, JSON.parse, Python's json and readers that ignore
# case and take the first or the last of two members read as it does: the same method, name and id (THREATS I-12 to I-20, I-36).

use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use Encode 'encode';
use List::Util qw(max);
use MCPTest::Peers;
use MCPTest::Util qw(build_dir project_dir run);
use MIME::Base64 'encode_base64';
use Test::More;

MCPTest::Peers->need(qw(node python3));

my $CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe","arguments":{"a":[1,-2.5e3,true,null]}}}';
my $META = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol\/clientInfo":{"name":"c"}}';

# A call whose params are these members.
sub call ($members) { return qq({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{$members}}) }

# Messages that a client may send, one for each way in which a name is found.
my @good = (
    $CALL, call(qq("name":"safe",$META)), call('"name":"caf\u00e9"'), call('"name":"café","x":{}'), call('"name":"a\/b😀"'),
    '{"jsonrpc":"2.0","id":"x","method":"tools\/list"}',
    '{"jsonrpc":"2.0","id":0,"method":"ping","params":{}}',
    '{"jsonrpc":"2.0","id":-0,"method":"ping"}',
    '{"jsonrpc":"2.0","id":9007199254740991,"method":"ping"}',
    '{"jsonrpc":"2.0","method":"notifications/initialized"}',
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"reason":"\ud83d\ude00"}}',
    '{"jsonrpc":"2.0","id":1,"result":{"roots":[{"uri":"file:///a","name":"a"}]}}',
    '{"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"m"}}',
    '{"jsonrpc":"2.0","id":2,"method":"prompts/get","params":{"name":"p","arguments":{"name":"q"}}}',
    '{"jsonrpc":"2.0","id":3,"method":"resources/read","params":{"uri":"file:///a/b?c#d","name":"n"}}',
    '{"jsonrpc":"2.0","id":4,"method":"resources/subscribe","params":{"uri":"u:x"}}',
    '{"jsonrpc":"2.0","id":4,"method":"resources/subscribe"}',
    '{"jsonrpc":"2.0","id":5,"method":"resources/unsubscribe","params":{"uri":"u:x"}}',
    '{"jsonrpc":"2.0","id":6,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a","value":"v"}}}',
    '{"jsonrpc":"2.0","id":7,"method":"completion/complete","params":{"ref":{"type":"ref\/resource","uri":"file:///{x}"}}}',
    (map { qq({"jsonrpc":"2.0","id":8,"method":"tasks/$_","params":{"taskId":"t-1"}}) } qw(get result update cancel)),
    '{"jsonrpc":"2.0","id":9,"method":"subscriptions/listen","params":{"notifications":{"resourceSubscriptions":["file:///a"]}}}',
    '{"jsonrpc":"2.0","id":10,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}',
    '{"jsonrpc":"2.0","id":11,"method":"acme/do","params":{"name":"x","type":"y","constructor":{},"__proto__":{"name":"z"}}}',
    " {\r\n\t\"id\" : 1 ,\n \"params\" : { \"name\" : \"x\" } , \"method\" : \"tools/call\" , \"jsonrpc\" : \"2.0\" }\n",
);

# What some programs read in their own way.
my @nasty = (
    (map { call($_) } '"name":"safe","name":"danger"', '"name":"safe","Name":"danger"', '"Name":"danger"', '"NAME":"danger","name":"safe"',
        '"name":"safe","\u006eame":"danger"', '"\u006eame":"danger","name":"safe"', '"name":"safe\u0000danger"', '"name":"safe\u0000"',
        '"name":"danger "', '"name":"danger\ufeff"', '"name":"\ud800"', '"name":"\udc00\ud800"', '"name":["safe"]', '"name":null', '"name":1',
        '"name":"safe","arguments":NaN', '"name":"safe","arguments":Infinity', '"name":"safe","arguments":1e400', '"name":"safe","arguments":01',
        '"name":"safe","arguments":"a' . "\n" . '"', '"name":"safe","arguments":"' . "\t" . '"', '"name":"safe","arguments":"' . "\0" . '"', '"name":"safe",',
        '"name":"safe","taſKId":1', '"name":"safe","tasKId":1', '"name":"safe","urı":"u"', '"name":"safe","__proto__":{"name":"danger"}',
        '"__proto__":{"name":"danger"}', '"name":"safe"/*,"name":"danger"*/', '"name":"safe"//', "'name':'safe'", 'name:"safe"'),
    (map { $CALL =~ s/"id":1/$_/r } '"id":1,"id":2', '"id":1,"ID":2', '"ıd":2,"id":1', '"id":1.0', '"id":1e0', '"id":9007199254740993', '"id":18446744073709551617',
        '"id":{"a":1}', '"id":[]', '"id":true', '"id":null', '"id":"\u0000"', '"id":""', '"id":-0', '"id":"1"'),
    (map { $CALL =~ s/"method":/$_/r } '"method":"ping","method":', '"Method":"ping","method":', '"m\u0065thod":"ping","method":', '"METHOD":', '"result":1,"method":', '"method\u0000":1,"method":'),
    (map { $CALL =~ s/"params":/$_/r } '"params":{"name":"danger"},"params":', '"Params":{"name":"danger"},"params":', '"paramſ":{"name":"danger"},"params":', '"PARAMS":', '"params":[],"x":'),
    $CALL . $CALL, "$CALL\n$CALL", "$CALL,", "$CALL\0", "\x{feff}$CALL", "[$CALL]", "[$CALL,$CALL]", "$CALL/**/", "\"$CALL\"",
    $CALL =~ s/"jsonrpc":"2.0",//r, $CALL =~ s/2\.0/2.0\\u0000/r, $CALL =~ s/"2\.0"/2.0/r, $CALL =~ s/jsonrpc/JSONRPC/r,
    (map { qq({"jsonrpc":"2.0","id":6,"method":"completion/complete","params":{"ref":{$_}}}) } '"type":"ref/prompt","name":"p","uri":"u"',
        '"type":"ref/resource","name":"p"', '"type":"ref/prompt","Type":"ref/resource","name":"p","uri":"u"', '"name":"p"', '"type":"x","name":"p"'),
);
my @bytes = (map { encode('UTF-8', $_) } @good, @nasty);
push @bytes, map { encode($_, $CALL) } qw(UTF-16LE UTF-16BE UTF-16 UTF-32LE UTF-32BE), 'UTF-7';
push @bytes, map { encode('UTF-8', call(qq("name":"\x{e9}$_"))) =~ s/\xc3\xa9/\xe9/r } '', 'x';
push @bytes, map { call(qq("name":"$_")) } "\xc0\xae", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "a\xff";

# Texts that a mutation puts in.
my @words = map { encode('UTF-8', $_) } '"', '\\', '{', '}', '[', ']', ',', ':', ' ', "\n", "\0", "\t", '0', '-', '.', 'e5', '1', 'null', 'true', '"a":1,', '"name":"danger",',
    '"Name":"danger",', '"method":"ping",', '"METHOD":"ping",', '"id":2,', '"params":{"name":"danger"},', '"paramſ":{"name":"danger"},', '"uri":"file:///etc",', '"ref":{},',
    '"type":"ref/resource",', '"taskId":"t",', '\u0000', '\u006e', '\/', '\ud83d', '\ude00', '\n', "\x{feff}", 'ſ', 'K', 'ı', 'é', '😀', '"__proto__":{},', '"\u006eame":"danger",';

sub place ($text, $more = 1) { return int rand(length($text) + $more) }

my @mutations = (
    sub ($text) { substr $text, place($text), 0, $words[ rand @words ]; $text },
    sub ($text) { substr $text, place($text), 0, $words[ rand @words ]; $text },
    sub ($text) { substr $text, place($text, 0), 1 + int rand 4, ''; $text },
    sub ($text) { my $at = place($text, 0); substr $text, $at, 1, chr rand 256; $text },
    sub ($text) { my $at = place($text, 0); substr $text, $at, 1, substr($text, $at, 1) =~ tr/A-Za-z/a-zA-Z/r; $text },
    sub ($text) { my $at = place($text, 0); substr $text, $at, 1, substr($text, $at, 1) =~ s/([\x20-\x7e])/sprintf '\u%04x', ord $1/er; $text },
    sub ($text) { my $at = place($text, 0); my $part = substr $text, $at, 1 + int rand 30; substr $text, place($text), 0, $part; $text },
    sub ($text) { my $other = $bytes[ rand @bytes ]; substr($text, 0, place($text)) . substr $other, place($other) },
    sub ($text) { my @members = $text =~ /("\w+":(?:"[^"]*"|\d+),)/g; my $member = $members[ rand @members ] // ''; $text =~ s/\{(?=")/{$member/r },
    sub ($text) { substr $text, 0, place($text, 0) },
    # what keeps more bodies good: blanks, members that nobody knows, other ways to write a letter or a number
    sub ($text) { $text =~ s/([{}\[\]:,])/ ' ' x rand(3) . $1 . ("", "\n", "\t", " ")[ rand 4 ]/er },
    sub ($text) { my $n = int rand 1e6; $text =~ s/\{(?=")/{"x$n":[$n,{"name":"danger","Name":1}],/r },
    sub ($text) { my $n = 1 + int rand 3; $text =~ s/("(?:id|name|uri|method|taskId)":"(?:[^"\\]|\\.){$n})([a-z])/sprintf '%s\u%04x', $1, ord $2/er },
    sub ($text) { my $n = int(rand 2e16) - 1e16; $text =~ s/"id":[^,]*/"id":$n/r },
);

srand 20260728;
my @originals = (@bytes, @bytes[ (0 .. $#good) x 5 ]);
for (1 .. 8000) {
    my $text = $originals[ rand @originals ];
    $text = $mutations[ rand @mutations ]->($text) for 0 .. rand 2;
    push @bytes, $text;
}
utf8::is_utf8($_) and die 'a body is bytes' for @bytes;

my $input = join '', map { encode_base64($_, '') . "\n" } @bytes;

# The lines of a reader.
sub lines_of (@command) {
    my $got = run(\@command, stdin => $input);
    is_deeply [ @$got{qw(exit signal err)} ], [ 0, 0, '' ], "$command[-1] reads them";
    my @lines = split /\n/, $got->{out}, -1;
    pop @lines;
    is scalar @lines, scalar @bytes, 'all of them';
    return @lines;
}

my @ours   = lines_of(build_dir() . '/t/readers/judge');
my @node   = map { [ split /\t/ ] } lines_of(MCPTest::Peers->node, project_dir() . '/t/readers/read.mjs');
my @python = lines_of('python3', project_dir() . '/t/readers/read.py');
my %reader = (
    'JSON.parse'                          => sub ($i) { $node[$i][0] },
    'a reader of the last in any case'    => sub ($i) { $node[$i][1] },
    'a reader of the first in any case'   => sub ($i) { $node[$i][2] },
    q(Python's json)                      => sub ($i) { $python[$i] },
);

my @accepted = grep { $ours[$_] ne 'refused' } 0 .. $#bytes;
for my $name (sort keys %reader) {
    my @other = grep { $reader{$name}->($_) ne $ours[$_] } @accepted;
    is_deeply [ map { "$bytes[$_]: $ours[$_], but $name: " . $reader{$name}->($_) } @other[ 0 .. ($#other < 4 ? $#other : 4) ] ], [], "$name reads all that is let through as we do";
}

# That the comparison can fail: there is enough of each kind, and the readers differ where we refuse.
my @differ = grep { my $i = $_; my %kinds = map { $_->($i) => 1 } values %reader; keys %kinds > 1 } 0 .. $#bytes;
ok @accepted > 1000, scalar(@accepted) . ' of ' . scalar(@bytes) . ' bodies are let through';
ok @differ > 500, scalar(@differ) . ' bodies are read in more than one way';
is_deeply [ grep { $ours[$_] eq 'refused' } 0 .. $#good ], [], 'what clients send is let through';

done_testing;
