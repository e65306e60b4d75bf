package MCPTest::AS::Behaviour;
# How the documents of MCPTest::AS misbehave: each name makes a reply (MCPTest::HTTP::Serve) of the good document.
#
#   reply_for('slow:7', $document)      # a status alone (500, 204), a name, or a name and its argument after a colon
#   is_known('slow:7')
#
# For every document (arguments in angle brackets, with what they are when left out):
#   ok · slow:<3 s> · drip:<0.5 s a byte> · hang · reset · cut (half of the JSON) · cut_short (less than Content-Length says)
#   two_lengths (two Content-Length fields, only the first is right) · endless · huge:<8000000 bytes> · deep:<100000 levels>
#   gzip_bomb:<100 MB of zeros> · html · text (right but for its Content-Type) · not_json · array · empty · empty_object
#   duplicate (issuer, keys or active twice) · wrong_issuer:<https://evil.example> · redirect:</elsewhere> · redirect_loop
#   to_file (redirect to file:///etc/passwd) · retry_after:<30> (429) · cache_control:<no-store> (a good document)
# For the key set alone:
#   many_keys:<10000> and many_keys_first:<10000> (right ones that sign nothing, behind or before the good ones; 10000 are
#   just less than 1 MiB) · no_usable_keys · bad_key_among_good

use v5.36;
use Digest::SHA 'sha256';
use Exporter 'import';
use IO::Compress::Gzip;
use MCPTest::B64 'b64url';
use MCPTest::Util 'json_text';

our @EXPORT_OK = qw(reply_for is_known);

my @JSON = (headers => [ [ 'Content-Type', 'application/json' ] ]);

# name => sub ($good_document, $argument): reply
my %BEHAVE = (
    ok           => sub ($doc, $arg) { { json => $doc } },
    slow         => sub ($doc, $arg) { { json => $doc, delay => $arg // 3 } },
    drip         => sub ($doc, $arg) { { json => $doc, drip => $arg // 0.5 } },
    html         => sub ($doc, $arg) { { type => 'text/html', body => '<html><body>Sign in</body></html>' } },
    not_json     => sub ($doc, $arg) { +{ @JSON, body => 'not json' } },
    text         => sub ($doc, $arg) { { type => 'text/plain', body => json_text($doc) } },
    cut          => sub ($doc, $arg) { +{ @JSON, body => half(json_text($doc)) } },
    cut_short    => sub ($doc, $arg) { { json => $doc, cut => 1 } },
    two_lengths  => sub ($doc, $arg) { two_lengths(json_text($doc)) },
    array        => sub ($doc, $arg) { { json => [$doc] } },
    empty        => sub ($doc, $arg) { { body => '' } },
    empty_object => sub ($doc, $arg) { { json => {} } },
    endless      => sub ($doc, $arg) { { endless => 1 } },
    huge         => sub ($doc, $arg) { { json => { %$doc, pad => 'x' x ($arg // 8_000_000) } } },
    deep         => sub ($doc, $arg) { +{ @JSON, body => '[' x ($arg // 100_000) } },
    gzip_bomb    => sub ($doc, $arg) { { headers => [ @{ $JSON[1] }, [ 'Content-Encoding', 'gzip' ] ], body => zeros($arg // 100) } },
    duplicate    => sub ($doc, $arg) { +{ @JSON, body => json_text($doc) =~ s/\}\z/twice($doc)/er } },
    wrong_issuer => sub ($doc, $arg) { { json => { %$doc, (exists $doc->{active} ? 'iss' : 'issuer') => $arg // 'https://evil.example' } } },
    hang         => sub ($doc, $arg) { { hang => 1 } },
    reset        => sub ($doc, $arg) { { reset => 1 } },
    redirect      => sub ($doc, $arg) { redirect($arg // '/elsewhere') },
    redirect_loop => sub ($doc, $arg) { redirect('?again') },    # RFC 3986 5.2.2: the same path
    to_file       => sub ($doc, $arg) { redirect('file:///etc/passwd') },
    retry_after   => sub ($doc, $arg) { { status => 429, headers => [ [ 'Retry-After', $arg // 30 ] ], json => { error => 'scripted' } } },
    cache_control => sub ($doc, $arg) { { headers => [ [ 'Cache-Control', $arg // 'no-store' ] ], json => $doc } },
    many_keys          => sub ($doc, $arg) { key_texts((map { json_text($_) } @{ $doc->{keys} }), other_keys($arg // 10_000)) },
    many_keys_first    => sub ($doc, $arg) { key_texts(other_keys($arg // 10_000), map { json_text($_) } @{ $doc->{keys} }) },
    no_usable_keys     => sub ($doc, $arg) { key_set(bad_keys()) },
    bad_key_among_good => sub ($doc, $arg) { my ($first, @more) = bad_keys(); key_set($first, @{ $doc->{keys} }, @more) },
);
my %OF_KEYS = map { $_ => 1 } qw(many_keys many_keys_first no_usable_keys bad_key_among_good);

sub is_known ($how) {
    my ($name) = split /:/, $how, 2;
    return $how =~ /^\d{3}\z/ || exists $BEHAVE{ $name // '' };
}

sub reply_for ($how, $document) {
    return { status => $how, json => { error => 'scripted' } } if $how =~ /^\d{3}\z/;
    my ($name, $argument) = split /:/, $how, 2;
    my $make = $BEHAVE{$name} // return { status => 500, body => "no such behaviour: $how" };
    return { status => 500, body => "not a key set, so it cannot behave: $how" } if $OF_KEYS{$name} && !$document->{keys};
    return $make->($document, $argument);
}

sub half ($text) { return substr $text, 0, length($text) / 2 }

sub redirect ($where) { return { status => 302, headers => [ [ 'Location', $where ] ] } }

sub key_set (@keys) { return { json => { keys => \@keys } } }

# The second length is that of a request smuggler: an end within the body (RFC 9110 8.6).
sub two_lengths ($text) {
    my @length = (length $text, int(length($text) / 2));
    return { headers => [ @{ $JSON[1] }, map { [ 'Content-Length', $_ ] } @length ], body => $text, close => 1 };
}

# A second member of the name that counts most in the document, as text to end it with.
sub twice ($doc) {
    my ($name) = grep { exists $doc->{$_} } qw(keys active issuer);
    return ',"issuer":"https://evil.example"}' if !$name || $name eq 'issuer';
    return $name eq 'keys' ? ',"keys":[]}' : ',"active":true}';
}

sub zeros ($megabytes) {
    my $gzip = IO::Compress::Gzip->new(\my $small, -Level => 1) or die 'gzip';
    my $some = "\0" x 1_000_000;
    $gzip->print($some) for 1 .. $megabytes;
    $gzip->close;
    return $small;
}

# Ed25519 has the shortest keys, and any 32 bytes can be one (RFC 8037 2). As text, which is made fast enough for a client with
# little patience.
sub other_keys ($count) {
    return map { qq({"kty":"OKP","crv":"Ed25519","kid":"other-$_","x":") . b64url(sha256("key $_")) . '"}' } 1 .. $count;
}

sub key_texts (@keys) { return { @JSON, body => '{"keys":[' . join(',', @keys) . ']}' } }

# None of them can verify a signature: a secret, a short modulus, a point off its curve, one for key agreement, an unknown
# type, no type.
sub bad_keys () {
    my $x = 'A' x 43;
    return (
        { kid => 'bad-oct', kty => 'oct', k => $x },
        { kid => 'bad-rsa', kty => 'RSA', n => $x, e => 'AQAB' },
        { kid => 'bad-ec',  kty => 'EC', crv => 'P-256', x => $x, y => $x },
        { kid => 'bad-okp', kty => 'OKP', crv => 'X25519', x => $x },
        { kid => 'bad-kty', kty => 'future' },
        { kid => 'bad' },
    );
}

1;
