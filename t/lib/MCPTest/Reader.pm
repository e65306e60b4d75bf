package MCPTest::Reader;
# Buffered reading of HTTP/1.1 from a socket, for both sides: lines, header fields, bodies.
# Dies with "timeout\n" when nothing came in time and with "eof\n" when the peer closed inside a message.

use v5.36;

# MCPTest::Reader->new($socket, $seconds)
sub new ($class, $socket, $timeout = 10) {
    return bless { socket => $socket, timeout => $timeout, buffer => '', eof => 0 }, $class;
}

sub socket ($self)            { return $self->{socket} }
sub buffer ($self)            { return $self->{buffer} }
sub timeout ($self, $seconds) { $self->{timeout} = $seconds; return $self }

# Reads once more; false at the end of the stream.
sub fill ($self) {
    return 0 if $self->{eof};
    my $bits = '';
    vec($bits, fileno($self->{socket}), 1) = 1;
    my $ready = select $bits, undef, undef, $self->{timeout};
    die "timeout\n" if !$ready;
    my $got = sysread $self->{socket}, $self->{buffer}, 65536, length $self->{buffer};
    return 1 if $got;
    $self->{reset} = "$!" if !defined $got;
    $self->{eof}   = 1;
    return 0;
}

# One line without its CRLF, or undef when the stream ended before a first byte.
sub line ($self) {
    my $end;
    while (($end = index $self->{buffer}, "\n") < 0) {
        next if $self->fill;
        return undef if $self->{buffer} eq '';
        die "eof\n";
    }
    my $line = substr $self->{buffer}, 0, $end + 1, '';
    $line =~ s/\r?\n\z//;
    return $line;
}

# Exactly $count bytes.
sub bytes ($self, $count) {
    while (length $self->{buffer} < $count) {
        $self->fill or die "eof\n";
    }
    return substr $self->{buffer}, 0, $count, '';
}

# Everything until the peer closes.
sub rest ($self) {
    1 while $self->fill;
    my $rest = $self->{buffer};
    $self->{buffer} = '';
    return $rest;
}

# Header fields up to the empty line: list of [name, value], names as sent.
sub fields ($self) {
    my @fields;
    while (1) {
        my $line = $self->line // die "eof\n";
        last if $line eq '';
        if ($line =~ /^[ \t]/ && @fields) {
            $fields[-1][1] .= " $line";
            next;
        }
        my ($name, $value) = $line =~ /^([^:]*):[ \t]*(.*?)[ \t]*\z/s or die "bad header line\n";
        push @fields, [ $name, $value ];
    }
    return @fields;
}

# A chunked body: (bytes, [trailer fields]).
sub chunked ($self) {
    my $body = '';
    while (1) {
        my $size = $self->line // die "eof\n";
        $size =~ /^([0-9A-Fa-f]+)\s*(?:;.*)?\z/ or die "bad chunk size\n";
        my $count = hex $1;
        last if !$count;
        $body .= $self->bytes($count);
        my $end = $self->line // die "eof\n";
        die "bad chunk end\n" if $end ne '';
    }
    return ($body, [ $self->fields ]);
}

1;
