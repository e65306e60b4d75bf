package MCPTest::Listener;
# A forked TCP server on the loopback, the base of MCPTest::Backend and MCPTest::AS.
# Each connection has its own process. What was asked is appended to a file, what to do is read from one:
# so the test sees every request and can change the behaviour while the server runs.
# The server ends with the object, and by itself when the test process is gone.
#
# A subclass has serve($self, $socket), which runs in the process of the connection.

use v5.36;
use Fcntl ':flock';
use File::Path 'remove_tree';
use IO::Select;
use IO::Socket::INET;
use MCPTest::Util qw(free_port json_data json_text slurp spew tempdir wait_until);
use POSIX ();

sub start ($class, %opt) {
    my $self = bless { %opt, dir => tempdir(), owner => $$, port => $opt{port} // free_port() }, $class;
    $self->state(%{ $self->first_state });
    $self->clear;
    $self->up;
    return $self;
}

sub first_state ($self) { return {} }
sub port ($self)        { return $self->{port} }
sub url ($self)         { return "http://127.0.0.1:$self->{port}" }

# Listens again after down, on the same port.
sub up ($self) {
    return if $self->{pid};
    my $listen = wait_until(5, sub {
        IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $self->{port}, Listen => 128, ReuseAddr => 1, Proto => 'tcp');
    }) or die "listen on $self->{port}: $!";
    my $test = $$;
    my $pid = fork() // die "fork: $!";
    if (!$pid) {
        POSIX::setsid();
        eval { $self->_loop($listen, $test) };
        warn $@ if $@;
        POSIX::_exit(0);
    }
    $self->{pid} = $pid;
    return;
}

# Stops listening and drops every connection: connections are refused from now on.
sub down ($self) {
    my $pid = delete $self->{pid} or return;
    local $?;
    kill KILL => -$pid or kill KILL => $pid;
    waitpid $pid, 0;
    return;
}

# state(name => value, ...) changes what the server does from now on; state() is all of it.
sub state ($self, %change) {
    my $file  = "$self->{dir}/state.json";
    my $state = -e $file ? json_data(slurp($file)) : {};
    return $state if !%change;
    %$state = (%$state, %change);
    spew($file, json_text($state));
    return $state;
}

# Every request so far, oldest first; those of one path when a path is given (without the query).
sub requests ($self, $path = undef) {
    my @all = map { json_data($_) } split /\n/, slurp("$self->{dir}/requests");
    return defined $path ? grep { $_->{path} eq $path } @all : @all;
}

sub last_request ($self) { return ($self->requests)[-1] }
sub count ($self, $path = undef) { return scalar(my @all = $self->requests($path)) }
sub clear ($self) { spew("$self->{dir}/requests", ''); return }

# Called by serve: remembers one request.
sub record ($self, $request) {
    open my $fh, '>>', "$self->{dir}/requests" or die "requests: $!";
    flock $fh, LOCK_EX or die "flock: $!";
    syswrite $fh, json_text($request) . "\n";
    close $fh;
    return;
}

sub _loop ($self, $listen, $test) {
    $SIG{$_} = 'DEFAULT' for qw(INT TERM);
    $SIG{CHLD} = $SIG{PIPE} = 'IGNORE';
    my $select = IO::Select->new($listen);
    while (getppid() == $test) {
        $select->can_read(0.5) or next;
        my $socket = $listen->accept or next;
        my $pid    = fork();
        if (defined $pid && !$pid) {
            close $listen;
            eval { $self->serve($socket) };
            POSIX::_exit(0);
        }
        close $socket;
    }
    remove_tree("$self->{dir}", { error => \my $ignored });
    kill KILL => -$$;
    return;
}

sub DESTROY ($self) {
    $self->down if $self->{owner} == $$;
    return;
}

1;
