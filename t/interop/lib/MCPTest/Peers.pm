package MCPTest::Peers;
# The real parts of t/node as a test sees them: a server is an object that ends with its scope, a client is a call that
# returns its report. Not httpd (MCPTest::Httpd), and no expectation.
#
#   MCPTest::Peers->need(qw(node chromium));       # skip_all with the reason, a failure where $ENV{CI} is set
#   my $as      = MCPTest::Peers->authorization_server('--ttl' => 3);   # $as->fact('issuer')
#   my $backend = MCPTest::Peers->backend;         # $backend->fact('port'); $backend->requests
#   my $backend = MCPTest::Peers->two_eras;        # the same, of the 2.x SDK
#   my $report  = MCPTest::Peers->client({}, $url, '--mirror');         # the JSON that t/node/client.mjs prints
#   my $report  = MCPTest::Peers->browser({}, $url, '--port' => $port);
#   my $report  = MCPTest::Peers->conformance({}, $url, '2026-07-28');
#   ok(MCPTest::Peers->alive, 'no peer ended by itself');

use v5.36;
use JSON::PP ();
use MCPTest::Util qw(json_data project_dir slurp tempdir);
use POSIX ();
use Scalar::Util 'weaken';
use Test::More;

# The Node of the npm package for this machine; not node_modules/.bin, where npm 9 links no optional package.
my ($NODE) = glob project_dir() . '/t/node/node_modules/node-linux-*/bin/node';
$NODE //= '';
my %WAIT = (server => 60, report => 180);
my @SERVERS;

# name => [is it there, what to install]
my %PART = (
    node     => [ sub { -x $NODE },            'the npm packages (npm ci --prefix t/node)' ],
    chromium => [ sub { -x chromium() },       'Chromium (apt-get install chromium)' ],
    openssl  => [ sub { in_path('openssl') },  'openssl (apt-get install openssl)' ],
    python3  => [ sub { in_path('python3') },  'Python (apt-get install python3)' ],
);

sub node ($class)  { return $NODE }
sub chromium () { return $ENV{CHROMIUM} || '/usr/bin/chromium' }

sub in_path ($name) { return grep { -x "$_/$name" } split /:/, $ENV{PATH} }

# What a test file cannot do without: where it is missing, CI fails and anyone else skips the file.
sub need ($class, @names) {
    my @missing = map { $PART{$_}[1] } grep { !$PART{$_}[0]->() } @names;
    return if !@missing;
    my $reason = 'missing: ' . join ', ', @missing;
    die "$reason\n" if $ENV{CI};
    plan(skip_all => $reason);
    return;
}

sub authorization_server ($class, @words) { return $class->_server('authorization-server.mjs', @words) }

sub backend ($class)  { return $class->_logging_server('backend.mjs') }
sub two_eras ($class) { return $class->_logging_server('two-eras.mjs') }

# $env is added to the environment of the process.
sub client ($class, $env, @words)  { return $class->_report($env, 'client.mjs',  @words) }
sub browser ($class, $env, @words) { return $class->_report($env, 'browser.mjs', @words, '--chromium' => chromium()) }
sub conformance ($class, $env, @words) { return $class->_report($env, 'conformance.mjs', @words) }

# One member of what the server said when it was ready.
sub fact ($self, $name) { return $self->{facts}{$name} }

# Every request that reached the backend: {method, url, headers => [[name, value], ...]}.
sub requests ($self) {
    my $file = "$self->{dir}/requests";
    return -e $file ? map { json_data($_) } split /\n/, slurp($file) : ();
}

# True while no server ended by itself: the last check of a test.
sub alive ($class) {
    my @ended = grep { waitpid $_->{pid}, POSIX::WNOHANG() } grep { $_ && !$_->{ended} } @SERVERS;
    diag("$_->{name} ended by itself: ", $_->_stderr) for @ended;
    $_->{ended} = 1 for @ended;
    return !@ended;
}

sub _report ($class, $env, @command) {
    local %ENV = (%ENV, %$env);
    my $self = $class->_spawn(@command);
    my $line = $self->_line($WAIT{report});
    $self->_end;
    return $line ? JSON::PP->new->utf8->decode($line) : { error => "no report: " . $self->_stderr };
}

sub _logging_server ($class, $script) {
    my $dir  = tempdir();
    my $self = $class->_server($script, '--log' => "$dir/requests");
    $self->{dir} = $dir;
    return $self;
}

sub _server ($class, @command) {
    my $self = $class->_spawn(@command);
    my $line = $self->_line($WAIT{server}) or die "$command[0] did not start: " . $self->_stderr;
    $self->{facts} = json_data($line);
    push @SERVERS, $self;
    weaken($SERVERS[-1]);
    return $self;
}

# The child's stdin stays open as long as we live: however we end, it learns of it.
sub _spawn ($class, $script, @words) {
    my $stderr = File::Temp->new;
    pipe my $child_in, my $stdin     or die "pipe: $!";
    pipe my $stdout,   my $child_out or die "pipe: $!";
    my $pid = fork() // die "fork: $!";
    if (!$pid) {
        POSIX::setsid();
        POSIX::dup2(fileno $child_in,  0);
        POSIX::dup2(fileno $child_out, 1);
        POSIX::dup2(fileno $stderr,    2);
        no warnings 'exec';
        exec { $NODE } $NODE, project_dir() . "/t/node/$script", @words or POSIX::_exit(127);
    }
    my %self = (name => $script, pid => $pid, owner => $$, stdin => $stdin, stdout => $stdout, stderr => $stderr);
    return bless \%self, $class;
}

sub _line ($self, $seconds) {
    return scalar eval {
        local $SIG{ALRM} = sub { die "timeout\n" };
        alarm $seconds;
        my $line = readline $self->{stdout};
        alarm 0;
        $line;
    };
}

sub _stderr ($self) { return slurp($self->{stderr}->filename) }

sub _end ($self) {
    $self->{ended} = 1;
    local ($?, $!, $@);
    kill TERM => $self->{pid};
    waitpid $self->{pid}, 0;
    return;
}

sub DESTROY ($self) {
    $self->_end if !$self->{ended} && $self->{owner} == $$;
    return;
}

1;
