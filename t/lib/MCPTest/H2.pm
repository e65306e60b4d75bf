package MCPTest::H2;
# An HTTP/2 client with prior knowledge that sends what it is told, frame by frame: trailers, resets, no end. For all
# else there is MCPTest::Curl.
#
#   my $h2 = MCPTest::H2->new($httpd->port);
#   $h2->headers([ ':method' => 'POST', ':scheme' => 'http', ':authority' => 'x', ':path' => '/', ... ]);
#   $h2->data('...'); $h2->headers([ trailer => 'x' ], end => 1);      # or data('...', end => 1), or reset
#   my $body = $h2->body;      # what the stream was answered with, undef when it was reset
#
# One stream per object. Fields go out as literals, the ones that come are not read.

use v5.36;
use IO::Socket::INET;
use MCPTest::Reader;

my %TYPE = (DATA => 0, HEADERS => 1, RST_STREAM => 3, SETTINGS => 4, GOAWAY => 7);

sub new ($class, $port, %opt) {
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Proto => 'tcp', Timeout => 5) or die "connect: $!";
    my $self   = bless { socket => $socket, reader => MCPTest::Reader->new($socket, $opt{timeout} // 10) }, $class;
    $self->_write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" . _frame(SETTINGS => 0, 0, ''));
    return $self;
}

sub headers ($self, $fields, %opt) {
    my $block = '';
    for (my $i = 0; $i < @$fields; $i += 2) { $block .= "\0" . _string($fields->[$i]) . _string($fields->[ $i + 1 ]) }
    return $self->_write(_frame(HEADERS => $opt{end} ? 5 : 4, 1, $block));
}

sub data ($self, $bytes, %opt) { return $self->_write(_frame(DATA => $opt{end} ? 1 : 0, 1, $bytes)) }

sub reset ($self) { return $self->_write(_frame(RST_STREAM => 0, 1, pack 'N', 8)) }

sub body ($self) {
    my $body = '';
    while (1) {
        my ($high, $low, $type, $flags, $stream) = unpack 'CnCCN', $self->{reader}->bytes(9);
        my $bytes = $self->{reader}->bytes($high << 16 | $low);
        $self->_write(_frame(SETTINGS => 1, 0, '')) if $type == $TYPE{SETTINGS} && !($flags & 1);
        return undef if $type == $TYPE{RST_STREAM} || $type == $TYPE{GOAWAY};
        next if $stream != 1;
        $body .= $bytes if $type == $TYPE{DATA};
        return $body if $flags & 1;
    }
}

# RFC 7541 5.2, for up to 16 KB and without Huffman's code.
sub _string ($text) {
    my $length = length $text;
    return pack('C', $length) . $text if $length < 127;
    $length -= 127;
    return pack('CCC', 127, $length & 127 | 128, $length >> 7) . $text;
}

sub _frame ($type, $flags, $stream, $bytes) { return pack('CnCCN', length($bytes) >> 16, length($bytes) & 0xffff, $TYPE{$type}, $flags, $stream) . $bytes }

sub _write ($self, $bytes) {
    local $SIG{PIPE} = 'IGNORE';
    syswrite $self->{socket}, $bytes;
    return $self;
}

1;
