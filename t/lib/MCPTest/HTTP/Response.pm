package MCPTest::HTTP::Response;
# One HTTP response as it came: status, fields in order with duplicates, body, interim responses before it.
# status is 0 and error says why ("timeout", "eof", ...) when no whole response came.

use v5.36;
use JSON::PP ();

# new(status => 200, reason => 'OK', version => 'HTTP/1.1', fields => [[n, v], ...], body => '', interim => [...])
sub new ($class, %part) {
    return bless { status => 0, reason => '', version => '', fields => [], body => '', interim => [], trailers => [], %part }, $class;
}

sub status ($self)   { return $self->{status} }
sub reason ($self)   { return $self->{reason} }
sub version ($self)  { return $self->{version} }
sub body ($self)     { return $self->{body} }
sub error ($self)    { return $self->{error} }
sub fields ($self)   { return @{ $self->{fields} } }
sub trailers ($self) { return @{ $self->{trailers} } }

# Interim responses (100, 103) as response objects.
sub interim ($self) { return @{ $self->{interim} } }

# All values of a field in order.
sub headers ($self, $name) {
    return map { $_->[1] } grep { lc $_->[0] eq lc $name } @{ $self->{fields} };
}

# The values of a field joined as a browser joins them, or undef when there is none.
sub header ($self, $name) {
    my @values = $self->headers($name);
    return @values ? join(', ', @values) : undef;
}

# The decoded body; undef when it is no JSON.
sub json ($self) {
    return scalar eval { JSON::PP->new->utf8->allow_nonref->decode($self->{body}) };
}

# One line for diagnostics.
sub summary ($self) {
    return 'no response: ' . ($self->{error} // '?') if !$self->{status};
    return "$self->{status} $self->{reason}; " . join '; ', map { "$_->[0]: $_->[1]" } @{ $self->{fields} };
}

1;
