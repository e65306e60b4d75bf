package MCPTest::DER;
# Just enough DER to take public keys and ECDSA signatures apart and to put signatures together.

use v5.36;
use Exporter 'import';

our @EXPORT_OK = qw(der_parse der_integer spki_parts ecdsa_raw ecdsa_der);

# One element: {tag, content, children (of a constructed one)}, and the bytes after it.
sub der_parse ($bytes) {
    my ($tag, $first) = unpack 'CC', $bytes;
    my $start  = 2;
    my $length = $first;
    if ($first & 0x80) {
        my $count = $first & 0x7f;
        $length = 0;
        $length = $length << 8 | $_ for unpack "x2 C$count", $bytes;
        $start += $count;
    }
    die "DER: element longer than its bytes\n" if length $bytes < $start + $length;
    my $element = { tag => $tag, content => substr($bytes, $start, $length), children => [] };
    if ($tag & 0x20) {
        my $inner = $element->{content};
        while (length $inner) {
            (my $child, $inner) = der_parse($inner);
            push @{ $element->{children} }, $child;
        }
    }
    return ($element, substr $bytes, $start + $length);
}

# What a SubjectPublicKeyInfo holds: (n, e) of an RSA key, else the bytes of the point or raw key.
sub spki_parts ($spki) {
    my ($top) = der_parse($spki);
    my $bits  = $top->{children}[1]{content};
    my $key   = substr $bits, 1;    # the count of unused bits comes first
    my $oid   = unpack 'H*', $top->{children}[0]{children}[0]{content};
    return $key if $oid !~ /^2a864886f70d0101(?:01|0a)\z/;
    my ($rsa) = der_parse($key);
    return map { $_->{content} =~ s/^\0+//r } @{ $rsa->{children} };
}

# ECDSA-Sig-Value to the fixed-width r || s of RFC 7518 3.4.
sub ecdsa_raw ($der, $width) {
    my ($seq) = der_parse($der);
    return join '', map { my $int = $_->{content} =~ s/^\0+//r; ("\0" x ($width - length $int)) . $int } @{ $seq->{children} };
}

# r || s back to DER.
sub ecdsa_der ($raw) {
    my $half = length($raw) / 2;
    my $body = join '', map { der_integer($_) } substr($raw, 0, $half), substr($raw, $half);
    return "\x30" . der_length(length $body) . $body;
}

sub der_integer ($bytes) {
    $bytes =~ s/^\0+//;
    $bytes = "\0$bytes" if $bytes eq '' || ord($bytes) & 0x80;
    return "\x02" . der_length(length $bytes) . $bytes;
}

sub der_length ($n) { return $n < 128 ? chr $n : $n < 256 ? "\x81" . chr $n : "\x82" . pack 'n', $n }

1;
