package MCPTest::Util;
# Small things every part of the harness needs: files, free ports, child commands.
# Not HTTP, not httpd.

use v5.36;
use Exporter 'import';
use Cwd ();
use Fcntl ':flock';
use File::Basename 'dirname';
use File::Path 'make_path';
use File::Temp ();
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();

our @EXPORT_OK = qw(build_dir project_dir tempdir slurp spew run free_port wait_until json_text json_data keep_secret secrets);

my $PROJECT = Cwd::abs_path(dirname(__FILE__) . '/../../..');
my %PORT_GIVEN;

# The root of the source tree, absolute.
sub project_dir () { return $PROJECT }

# The build tree, absolute: $ENV{BUILD}, by default build.
sub build_dir () {
    my $dir = $ENV{BUILD} || 'build';
    return $dir =~ m{^/} ? $dir : "$PROJECT/$dir";
}

# A directory that goes away with the process and that other users can enter.
sub tempdir () {
    my $dir = File::Temp->newdir('mcptest-XXXXXX', TMPDIR => 1);
    chmod 0755, "$dir" or die "chmod $dir: $!";
    return $dir;
}

sub slurp ($file) {
    open my $fh, '<:raw', $file or die "open $file: $!";
    local $/;
    return scalar readline($fh) // '';
}

# Writes a file in one step (rename), so that a reader never sees half of it.
sub spew ($file, $bytes, $mode = 0644) {
    make_path(dirname($file));
    my $tmp = "$file.$$." . int(rand 1e9);
    open my $fh, '>:raw', $tmp or die "open $tmp: $!";
    print {$fh} $bytes or die "write $tmp: $!";
    close $fh or die "close $tmp: $!";
    chmod $mode, $tmp or die "chmod $tmp: $!";
    rename $tmp, $file or die "rename $tmp: $!";
    return $file;
}

# run([cmd, args...], stdin => bytes, env => {...}): {exit, signal, out, err}
sub run ($cmd, %opt) {
    local $SIG{CHLD} = 'DEFAULT';    # a test server ignores it: then there is no exit status
    my %file = map { $_ => File::Temp->new } qw(in out err);
    print { $file{in} } $opt{stdin} // '';
    $file{in}->flush;
    my $pid = fork() // die "fork: $!";
    if (!$pid) {
        local %ENV = (%ENV, %{ $opt{env} // {} });
        open STDIN,  '<', $file{in}->filename  or POSIX::_exit(126);
        open STDOUT, '>', $file{out}->filename or POSIX::_exit(126);
        open STDERR, '>', $file{err}->filename or POSIX::_exit(126);
        no warnings 'exec';
        exec { $cmd->[0] } @$cmd or POSIX::_exit(127);
    }
    local $?;
    waitpid $pid, 0;
    return {
        exit   => $? >> 8,
        signal => $? & 127,
        out    => slurp($file{out}->filename),
        err    => slurp($file{err}->filename),
    };
}

# A loopback port that nobody listens on, below the range of outgoing connections; never the same twice in a process.
sub free_port () {
    for (1 .. 200) {
        my $port = 15000 + int rand 16000;
        next if $PORT_GIVEN{$port};
        my $probe = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 1, Proto => 'tcp') or next;
        close $probe;
        $PORT_GIVEN{$port} = 1;
        return $port;
    }
    die 'no free port on the loopback';
}

# Calls $test until it is true or the seconds are over; returns its last value.
sub wait_until ($seconds, $test) {
    my $step = 0.01;
    for (my $waited = 0; $waited < $seconds; $waited += $step) {
        my $got = $test->();
        return $got if $got;
        select undef, undef, undef, $step;
        $step = 0.05 if $waited > 0.5;
    }
    return $test->();
}

# JSON with sorted members, ASCII only: every string of bytes survives the way there and back.
sub json_text ($data) { return JSON::PP->new->canonical->ascii->allow_nonref->encode($data) }
sub json_data ($text) { return JSON::PP->new->allow_nonref->decode($text) }

# What must never be in a log: parts of tokens and secrets that a test has used. MCPTest::JWT adds its own, MCPTest::Httpd
# looks for them when a server ends.
my %SECRET;

sub keep_secret (@texts) { $SECRET{$_} = 1 for grep { defined && length >= 16 } @texts; return }
sub secrets () { return sort keys %SECRET }

1;
