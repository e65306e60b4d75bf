# The bench runs and fills its tables. What it measures is judged by whoever reads docs/performance.md, never here.

use v5.36;
use Test::More;
use MCPTest::Util 'run';

# (what it printed, whether it went well)
sub bench (%env) {
    my $done = run([ $^X, 't/bench/bench.pl' ], env => { ROUNDS => 1, REQUESTS => 8, %env });
    return ($done->{out} . $done->{err}, !$done->{exit} && !$done->{signal});
}

# The cells of a row, the first being its name.
sub row ($said, $name) {
    my ($cells) = $said =~ /^\| \Q$name\E \| (.*) \|$/m or return ();
    return split / ?\| ?/, $cells;
}

my ($said, $ok) = bench(PART => 'cost,operations,keys');
ok $ok, 'it ends well' or diag $said;
like $said, qr/^Without authentication: httpd [\d.]+ us/m, 'the measure is there';

for my $name ('no token', 'RS256, one warm token', 'RS256, 500 clients, warm', 'EdDSA, each token new', 'RS256, each signature wrong', 'introspected, from MCPCache') {
    my ($ours) = row($said, $name);
    like $ours, qr/^-?\d+\.\d\z/, "a figure of ours: $name";
}
my @bare = row($said, 'ES256');
is scalar @bare, 3, 'and of the bare crypto beside it';
like $said, qr/^Key fetches per 1,000 unknown kids: mod_auth_mcp \d+/m, 'fetches are counted';
for my $name ('a small call', 'prose, 1 MB', 'small objects, 100 KB', 'the same, escaped, 100 KB') {
    my ($bytes, @us) = row($said, $name);
    is scalar(grep { /^-?\d+\.\d\z/ } @us), 6, "operation rules above none, and the same body outside of httpd: $name";
}
like $said, qr{^\| against \| judged / walk \| rules / walk \|}m, 'and how that compares';
my @keys = row($said, '64');
is scalar @keys, 6, 'a row of another part';

($said, $ok) = bench(PART => 'nonsense');
ok !$ok, 'an unknown part is refused';
like $said, qr/no such part: nonsense; there are cost memory/, 'with those that there are';

done_testing;
