package MCPTest::Memcached;
# A private memcached; what it offers stands in MCPTest::Daemon. The text protocol, one connection for each question.

use v5.36;
use parent 'MCPTest::Daemon';
use MCPTest::HTTP::Serve 'put';
use MCPTest::Util 'wait_until';

sub program ($class) { return qw(memcached memcached) }

# Root has to name the user that it becomes. The maintainer moves entries while the crawler lists them, which then misses some.
sub command ($self) {
    return ('-l', '127.0.0.1', '-p', $self->port, '-U', 0, '-m', 64, '-o', 'no_lru_maintainer', $< ? () : ('-u', 'nobody'));
}

# The process that answers may be another's: then it has another process id.
sub answers ($self) { return $self->ask("stats\r\n", qr/\AEND\z/) =~ /^STAT pid $self->{pid}$/m }

sub keys ($self) { return sort CORE::keys %{ $self->_times } }
sub dump ($self) { return $self->_values($self->keys) }
sub value ($self, $key)  { return $self->_values($key)->{$key} }
sub delete ($self, $key) { return $self->ask("delete $key\r\n") eq "DELETED\n" }
sub flush ($self)        { return $self->ask("flush_all\r\n") }

sub set ($self, $key, $bytes, $seconds = 0) {
    my $said = $self->ask("set $key 0 $seconds " . length($bytes) . "\r\n$bytes\r\n");
    return $said eq "STORED\n" || die "memcached: $said";
}

sub ttl ($self, $key) {
    my $end = $self->_times->{$key} // return undef;
    return $end < 0 ? undef : $end - time;
}

# Writes bytes and reads lines up to the one that matches, or one line.
sub ask ($self, $bytes, $last = qr/\A/) {
    my $reader = $self->connect;
    put($reader->socket, $bytes);
    my $all = '';
    while (1) {
        my $line = $reader->line // die "memcached: no reply\n";
        $all .= "$line\n";
        die "memcached: $line\n" if $line =~ /\A(?:ERROR|CLIENT_ERROR|SERVER_ERROR|BUSY)\b/;
        return $all if $line =~ $last;
    }
}

# { key => second of its end, or -1 }. The crawler passes over an entry that is in use, so two lists have to agree.
sub _times ($self) {
    my ($list, $before) = $self->_crawl;
    for (1 .. 20) {
        ($before, $list) = ($list, $self->_crawl);
        last if $list eq $before;
    }
    my %end = map { /\Akey=(\S+) exp=(-?\d+)\z/ ? ($1 =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ger => $2) : () } split /\n/, $list;
    return \%end;
}

# A sorted line for each key; one crawler at a time, else BUSY.
sub _crawl ($self) {
    my $ask  = sub { eval { $self->ask("lru_crawler metadump all\r\n", qr/\AEND\z/) } // ($@ =~ /BUSY/ ? '' : die $@) };
    my $said = wait_until(5, $ask) || die "memcached: the crawler is busy\n";
    return join "\n", sort $said =~ /^(key=\S+ exp=-?\d+) /mg;
}

sub _values ($self, @keys) {
    my %value;
    my $reader = $self->connect;
    while (my @some = splice @keys, 0, 100) {
        put($reader->socket, "get @some\r\n");
        while (($reader->line // die "memcached: no reply\n") =~ /\AVALUE (\S+) \d+ (\d+)\z/) {
            $value{$1} = $reader->bytes($2);
            $reader->bytes(2);
        }
    }
    return \%value;
}

1;
