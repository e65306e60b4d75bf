package MCPTest::B64;
# base64url without padding (RFC 7515 2), both ways, and spoiled forms of it for tests.

use v5.36;
use Exporter 'import';
use MIME::Base64 qw(encode_base64 decode_base64);

our @EXPORT_OK = qw(b64url unb64url b64_spoiled);

sub b64url ($bytes) { return encode_base64($bytes, '') =~ tr{+/}{-_}r =~ s/=+\z//r }

sub unb64url ($text) { return decode_base64($text =~ tr{-_}{+/}r) }

# name => text: encodings of $bytes that a strict decoder refuses. Only those that differ from the right one are in it.
sub b64_spoiled ($bytes) {
    my $good = b64url($bytes);
    my $std  = encode_base64($bytes, '');
    my %bad  = (
        padded        => $good . '=',
        standard      => $std,
        blank         => substr($good, 0, 2) . ' ' . substr($good, 2),
        newline       => "$good\n",
        length_1mod4  => $good . ('A' x ((5 - length($good) % 4) % 4)),
        star          => substr($good, 0, -1) . '*',
        noncanonical  => _noncanonical($good),
    );
    delete @bad{ grep { $bad{$_} eq $good } keys %bad };
    return \%bad;
}

# Sets a bit of the last character that no byte uses; the same text when all are used.
sub _noncanonical ($text) {
    my $rest = length($text) % 4;
    return $text if $rest == 0 || $rest == 1;
    my $alphabet = join '', 'A' .. 'Z', 'a' .. 'z', 0 .. 9, '-', '_';
    my $at       = index $alphabet, substr $text, -1;
    return substr($text, 0, -1) . substr $alphabet, $at | 1, 1;
}

1;
