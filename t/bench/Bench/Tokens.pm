package Bench::Tokens;
# Files of tokens for the bench, one a line, made by t/bench/mint.c: thousands of them, which MCPTest::JWT would take hours for.
#
#   my $file = Bench::Tokens::mint('RS256', 500);                      # good ones; further arguments are claims
#   my $file = Bench::Tokens::mint('RS256', 1, iss => '...', _kid => 'other');
#   my $file = Bench::Tokens::wrong($good);                            # each with the signature of the next one
#   my $file = Bench::Tokens::unknown($good, 1000);                    # each with a kid that nobody knows
#   my $file = Bench::Tokens::file('opaque-token');
#   Bench::Tokens::keys                                                # the three MCPTest::Key
#
# Issuer and resource are names: nobody asks them anything.

use v5.36;
use MCPTest::B64 'b64url';
use MCPTest::Key;
use MCPTest::Util qw(json_text run slurp spew tempdir);
use Bench::Run;

our $ISSUER   = 'https://auth.example.com';
our $RESOURCE = 'https://mcp.example.com/mcp';

my %TYPE = (RS256 => 'RSA-2048', ES256 => 'P-256', EdDSA => 'Ed25519');
my $DIR  = tempdir();
my $MADE = 0;

sub key ($alg) { return MCPTest::Key->get($TYPE{$alg}) }
sub keys ()    { return map { key($_) } sort keys %TYPE }

# A file of lines.
sub file (@lines) {
    my $name = "$DIR/tokens-" . ++$MADE;
    spew($name, join '', map { "$_\n" } @lines);
    return $name;
}

# A client secret, in a file of its own.
sub secret () {
    spew("$DIR/secret", 'bench', 0600);
    return "$DIR/secret";
}

# Their jti begins with another word each time, so that no two files have a token in common.
sub mint ($alg, $count, %claims) {
    my $key    = key($alg);
    my $kid    = delete $claims{_kid} // $key->kid;
    my %claim  = (
        iss => $ISSUER, aud => $RESOURCE, sub => 'alice', client_id => 'test-client', scope => 'files:read',
        iat => time, exp => time + 86_400, jti => 't' . $MADE . '-#', %claims,
    );
    my $header = json_text({ alg => $alg, typ => 'at+jwt', kid => $kid });
    my $done   = run([ Bench::Run::tool('mint'), $key->private_file, $count, $header, json_text(\%claim) ]);
    die "mint: $done->{err}" if $done->{exit};
    return file(split /\n/, $done->{out});
}

sub lines ($file) { return split /\n/, slurp($file) }

sub wrong ($file) {
    my @tokens    = lines($file);
    my @signature = map { s/.*\.//r } @tokens[ 1 .. $#tokens, 0 ];
    return file(map { $tokens[$_] =~ s/[^.]*\z/$signature[$_]/r } 0 .. $#tokens);
}

sub unknown ($file, $count) {
    my ($token) = lines($file);
    return file(map { b64url(json_text({ alg => 'RS256', typ => 'at+jwt', kid => "unknown-$_" })) . $token =~ s/^[^.]*//r } 1 .. $count);
}

1;
