package MCPTest::Redis;
# A private redis-server without persistence; what it offers stands in MCPTest::Daemon. Beyond that:
#
#   $redis->ask('CONFIG', 'SET', 'maxmemory', '1mb');   # any command: a string, a number, undef or [ ... ]; dies of an error
#
# Only strings are dumped; nobody here stores anything else.

use v5.36;
use parent 'MCPTest::Daemon';
use MCPTest::HTTP::Serve 'put';

sub program ($class) { return qw(redis-server redis-server) }

sub command ($self) {
    return ('--bind', '127.0.0.1', '--port', $self->port, '--dir', "$self->{dir}", '--save', '', '--appendonly', 'no', '--daemonize', 'no');
}

# The process that answers may be another's: then it has another process id.
sub answers ($self) { return $self->ask('INFO', 'server') =~ /^process_id:$self->{pid}\r$/m }

sub keys ($self)            { return sort @{ $self->ask('KEYS', '*') } }
sub value ($self, $key)     { return $self->ask('GET', $key) }
sub delete ($self, $key)    { return $self->ask('DEL', $key) }
sub flush ($self)           { return $self->ask('FLUSHALL') }

sub dump ($self) {
    my %value = map { $_ => $self->value($_) } $self->keys;
    delete @value{ grep { !defined $value{$_} } CORE::keys %value };    # ended meanwhile
    return \%value;
}

sub set ($self, $key, $bytes, $seconds = undef) {
    return $self->ask('SET', $key, $bytes, defined $seconds ? ('EX', $seconds) : ());
}

sub ttl ($self, $key) {
    my $left = $self->ask('PTTL', $key);
    return $left < 0 ? undef : $left / 1000;
}

# One command on a connection of its own.
sub ask ($self, @words) {
    my $reader = $self->connect;
    put($reader->socket, '*' . @words . "\r\n" . join '', map { '$' . length($_) . "\r\n$_\r\n" } @words);
    return _reply($reader);
}

sub _reply ($reader) {
    my ($type, $text) = unpack 'a a*', $reader->line // die "redis: no reply\n";
    return $text if $type eq '+' || $type eq ':';
    return _bulk($reader, $text) if $type eq '$';
    return $text < 0 ? undef : [ map { _reply($reader) } 1 .. $text ] if $type eq '*';
    die "redis: $text\n";
}

sub _bulk ($reader, $length) {
    return undef if $length < 0;
    my $bytes = $reader->bytes($length);
    $reader->bytes(2);
    return $bytes;
}

1;
