package MCPTest::Process;
# A server program with a directory of its own that ends with its object, and by itself when the test process is gone:
# the base of MCPTest::Httpd and MCPTest::Daemon. Not what the program serves.
#
# A subclass makes $self with dir (MCPTest::Util::tempdir) and owner ($$), and has stop($self), which ends the program
# and fails the test when it was in trouble. quit($self, $pid) can ask the program to end first; true when it has.

use v5.36;
use File::Path 'remove_tree';
use POSIX qw(WNOHANG);
use Scalar::Util 'weaken';
use Test::Builder;

my %RUNNING;

sub pid ($self)        { return $self->{pid} }
sub quit ($self, $pid) { return 0 }

# Starts a program; what it writes is appended to a file of its directory. setsid: prefork's stop signals its whole
# process group, which must not be ours.
sub _spawn ($self, $file, $env, @command) {
    my $pid = fork() // die "fork: $!";
    if (!$pid) {
        POSIX::setsid();
        local %ENV = (%ENV, %$env);
        open STDIN,  '<',  '/dev/null'          or POSIX::_exit(126);
        open STDOUT, '>>', "$self->{dir}/$file" or POSIX::_exit(126);
        open STDERR, '>&', \*STDOUT             or POSIX::_exit(126);
        exec { $command[0] } @command           or POSIX::_exit(127);
    }
    $self->{pid} = $pid;
    $RUNNING{"$self"} = $self;
    weaken $RUNNING{"$self"};
    $self->_guard($pid);
    return;
}

# A small process that ends the program when the test process went away without doing so.
sub _guard ($self, $server) {
    my $test  = $$;
    my $guard = fork() // die "fork: $!";
    if (!$guard) {
        POSIX::setsid();
        open $_, '+<', '/dev/null' for *STDIN, *STDOUT, *STDERR;
        select undef, undef, undef, 0.3 while getppid() == $test;
        kill KILL => -$server;
        remove_tree("$self->{dir}", { error => \my $ignored });
        POSIX::_exit(0);
    }
    $self->{guard} = $guard;
    return;
}

# Whether the program is gone though nobody ended it.
sub _died ($self) {
    return $self->{died} if defined $self->{died};
    local $?;
    return 0 if waitpid($self->{pid}, WNOHANG) == 0;
    return $self->{died} = 1;
}

sub _end ($self) {
    my $pid = delete $self->{pid} or return;
    local $?;
    my $gone = delete $self->{died} || $self->quit($pid);
    kill KILL => -$pid or $gone or kill KILL => $pid;
    waitpid $pid, 0 if !$gone;
    my $guard = delete $self->{guard};
    kill KILL => $guard;
    waitpid $guard, 0;
    delete $RUNNING{"$self"};
    return;
}

sub DESTROY ($self) {
    return if $self->{owner} != $$ || !$self->{pid};
    local ($?, $@, $!);
    $self->stop;
    return;
}

# Runs before Test::Builder's own END, so that trouble found only now still counts.
END {
    for my $self (grep { defined && $_->{owner} == $$ } values %RUNNING) {
        local $?;
        $self->stop;
    }
}

1;
