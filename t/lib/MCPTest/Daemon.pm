package MCPTest::Daemon;
# A server that others wrote, started by its path on a free loopback port with a directory of its own: the base of
# MCPTest::Redis and MCPTest::Memcached. It ends with its object, and by itself when the test process is gone.
#
#   my $redis = MCPTest::Redis->start;
#   $redis->port; $redis->address;           # "127.0.0.1:PORT", as MCPCache wants it
#   $redis->down; $redis->up;                # killed (connections are refused, what it held is lost), and back on the port
#   $redis->freeze; $redis->thaw;            # connections are taken, nothing is answered, nothing is lost
#   my @found = $redis->keys;                # sorted
#   my $all   = $redis->dump;                # { key => bytes }
#   my $bytes = $redis->value($key);         # undef when there is none
#   my $left  = $redis->ttl($key);           # seconds; undef when the entry never ends
#   $redis->set($key, $bytes); $redis->set($key, $bytes, $seconds); $redis->delete($key); $redis->flush;
#   MCPTest::Redis->need;                    # skip_all when it is not installed, a failure where $ENV{CI} is set
#
# A server that ended by itself fails the test. A question that is not answered in time dies: five seconds, or those
# of start(patience => 1).
#
# A subclass has program (the names it is looked for by, and the Debian package), command($self) (its arguments) and
# answers($self) (whether it can be asked), and the questions above.

use v5.36;
use parent 'MCPTest::Process';
use IO::Socket::INET;
use MCPTest::Reader;
use MCPTest::Util qw(free_port slurp tempdir wait_until);
use Test::Builder;

# The program's path, or undef.
sub path ($class) {
    my ($name) = $class->program;
    my ($path) = grep { -x } map { "$_/$name" } split(/:/, $ENV{PATH}), qw(/usr/bin /usr/sbin /usr/local/bin /usr/local/sbin);
    return $path;
}

sub need ($class) {
    my ($name, $package) = $class->program;
    return if $class->path;
    my $reason = "missing: $name (apt-get install $package)";
    die "$reason\n" if $ENV{CI};
    Test::Builder->new->plan(skip_all => $reason);
    return;
}

sub start ($class, %opt) {
    my $self = bless { %opt, dir => tempdir(), owner => $$ }, $class;
    for my $try (1 .. 3) {
        $self->{port} = $opt{port} // free_port();
        last if eval { $self->up };
        die $@ if $opt{port} || $try == 3;
    }
    return $self;
}

sub port ($self)    { return $self->{port} }
sub address ($self) { return "127.0.0.1:$self->{port}" }

# Dies when the server does not answer: somebody else may have the port.
sub up ($self) {
    return 1 if $self->{pid};
    my $path = (ref $self)->path or die join ' ', 'not installed:', $self->program, "\n";
    $self->_spawn('said', {}, $path, $self->command);
    my $up = wait_until(20, sub { $self->_died || eval { $self->answers } }) && !$self->_died;
    return 1 if $up;
    $self->_end;
    die "@{[ $self->program ]} did not start: ", $self->said;
}

# Ends the server as a crash does.
sub down ($self) {
    return if !$self->{pid};
    $self->_report if $self->_died;
    $self->_end;
    return;
}

sub stop ($self) { return $self->down }

sub freeze ($self) { return kill STOP => $self->{pid} }
sub thaw ($self)   { return kill CONT => $self->{pid} }

# What the server wrote, for diagnostics.
sub said ($self) { return slurp("$self->{dir}/said") }

# A connection to the server, as a MCPTest::Reader.
sub connect ($self) {
    my $seconds = $self->{patience} // 5;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}, Proto => 'tcp', Timeout => $seconds)
        or die "connect to $self->{port}: $!\n";
    return MCPTest::Reader->new($socket, $seconds);
}

sub _report ($self) {
    my $test = Test::Builder->new;
    $test->ok(0, ($self->program)[0] . ' stayed alive');
    $test->diag($self->said);
    return;
}

1;
