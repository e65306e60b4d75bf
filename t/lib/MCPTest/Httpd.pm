package MCPTest::Httpd;
# A private httpd in a temporary ServerRoot on the loopback; it ends with its object.
#
#   my $httpd = MCPTest::Httpd->start(
#       conf    => "MCPIssuer http://127.0.0.1:9\n<Location /mcp> ...",   # placeholders: see MCPTest::Httpd::Conf::render
#       files   => { 'htdocs/x/.htaccess' => '...', 'htdocs/echo.cgi' => "#!/bin/sh\n..." },   # *.cgi become executable
#       modules => ['cache', 'include'],   # beyond the usual set (mod_ and _module left out)
#       vars    => { BACKEND => $backend->url },   # @BACKEND@ in conf and in files
#       env     => { NAME => 'value' },
#   );
#   $httpd->url; $httpd->url('/mcp'); $httpd->port; $httpd->port(2); $httpd->root; $httpd->pid;
#   $httpd->mark; ... $httpd->error_log;   # text since the mark; error_log(all => 1), access_log likewise
#   $httpd->wait_log(qr/pattern/, 5); $httpd->wait_log(qr/pattern/, 5, 'access_log');
#   $httpd->graceful; $httpd->restart; $httpd->stop;
#   my ($ok, $output) = MCPTest::Httpd->config_test("MCPClockSkew fortnight", modules => [...]);   # httpd -t
#
# Further options: mpm (default $ENV{MPM} or event), module => 0 (without the project's module), tls => 1 (mod_ssl and
# mod_http2; @TLS@ gives the lines for a virtual host), log_level, access_format, tolerate => qr/.../ (trouble that the
# test means to cause), quiet => 1 (trouble fails no test: it is only returned by stop), under => ['valgrind', ...] (a program
# that runs httpd), single => 1 (httpd -X: one process).
# Environment: BUILD (build tree), MPM, APXS, HTTPD, MCP_LD_PRELOAD (sanitizer runs), MCP_UNDER (valgrind ...).
#
# The error log must not have any token or secret that a test has used (MCPTest::Util::keep_secret), at any level.
# A server that died by itself, a child that crashed, a failed assertion or a sanitizer's report fails the test.

use v5.36;
use parent 'MCPTest::Process';
use IO::Socket::INET;
use MCPTest::Httpd::Conf;
use MCPTest::Util qw(free_port run secrets slurp spew tempdir wait_until);
use POSIX qw(WNOHANG);
use Test::Builder;

my $TROUBLE = qr/^==\d+== \S|exit signal|AddressSanitizer|ThreadSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|runtime error:|[Aa]ssertion .* failed|Segmentation fault|double free or corruption|stack smashing|free\(\): invalid/;

# ThreadSanitizer sees what our code does, and locks wherever they are taken. Of what httpd and libraries do, which were built
# without it, it would know a part only, and find races where there are none; httpd's children exit out of a signal handler,
# and the MPMs leave it to the end of the process to end their threads.
my $TSAN_OPTIONS = 'ignore_noninstrumented_modules=1:report_signal_unsafe=0:report_thread_leaks=0';

sub new ($class, %opt) {
    my $self = bless {
        conf => '', files => {}, modules => [], vars => {}, env => {}, module => 1, ports => {}, mark => 0, owner => $$,
        mpm => $ENV{MPM} || 'event', access_format => '%h %u \"%r\" %>s %b', under => [ split ' ', $ENV{MCP_UNDER} // '' ],
        %opt, dir => tempdir(),
    }, $class;
    mkdir "$self->{dir}/$_" or die "mkdir: $!" for qw(run logs htdocs conf);
    return $self;
}

sub start ($class, %opt) {
    my $self = $class->new(%opt);
    for my $try (1 .. 3) {
        $self->_write_files;
        $self->_spawn('logs/console', { $self->_environment }, $self->_command($self->{single} ? '-X' : '-DFOREGROUND'));
        return $self if $self->_answers;
        my $said = $self->_console . $self->error_log(all => 1);
        $self->_end;
        last if $said !~ /Address already in use/ || $try == 3;
        $self->{ports} = {};
    }
    die "httpd did not start:\n" . $self->_console . $self->error_log(all => 1);
}

# (true or false, output) of httpd -t over the configuration.
sub config_test ($class, $conf = '', %opt) {
    my $self = $class->new(%opt, conf => $conf);
    $self->_write_files;
    my $done = run([ $self->_command('-t') ], env => { $self->_environment });
    my $said = $done->{out} . $done->{err};
    $self->_report("httpd -t crashed: $said") if $done->{signal} || ($said =~ $TROUBLE && !$self->_tolerated($said));
    return (!$done->{exit} && !$done->{signal}, $said);
}

sub root ($self) { return "$self->{dir}" }
sub mpm ($self)  { return $self->{mpm} }

# port(2) to port(9) are further ports, for @PORT2@ and so on.
sub port ($self, $n = 1) { return $self->{ports}{$n} //= free_port() }

sub url ($self, $path = '') { return 'http://127.0.0.1:' . $self->port . $path }

# From here on error_log and access_log give only what is new.
sub mark ($self) {
    $self->{"mark_$_"} = -s "$self->{dir}/logs/$_" // 0 for qw(error_log access_log);
    return $self;
}

sub error_log ($self, %opt)  { return $self->_log('error_log',  %opt) }
sub access_log ($self, %opt) { return $self->_log('access_log', %opt) }

# Waits until a log since the mark matches; false when it never did. The access log is written after the answer was sent.
sub wait_log ($self, $pattern, $seconds = 5, $name = 'error_log') {
    return wait_until($seconds, sub { $self->_log($name) =~ $pattern });
}

# Writes a file under the root while the server runs, placeholders replaced.
sub write_file ($self, $path, $text) {
    return spew("$self->{dir}/$path", MCPTest::Httpd::Conf::render($self, $text), $path =~ /\.(?:cgi|pl|sh)\z/ ? 0755 : 0644);
}

sub graceful ($self) { return $self->_reload('USR1') }
sub restart ($self)  { return $self->_reload('HUP') }

# Stops the server and returns what went wrong in its life (also failed the test, unless quiet).
sub stop ($self) {
    return () if !$self->{pid};
    my @trouble;
    push @trouble, 'httpd died by itself: ' . $self->_console . _tail($self->error_log(all => 1)) if $self->_died;
    $self->_end;
    my %seen;
    my @lines = grep { $_ =~ $TROUBLE && !$self->_tolerated($_) && !$seen{ s/^\[.*?\] //r }++ } split /\n/, $self->error_log(all => 1) . $self->_console;
    push @trouble, "httpd's log: $_" for @lines[ 0 .. ($#lines > 9 ? 9 : $#lines) ];
    push @trouble, $self->_sanitizer_text if @lines;
    my $log = $self->error_log(all => 1);
    push @trouble, map { "the error log has a token or secret: $_" } grep { index($log, $_) >= 0 } secrets();
    $self->_report($_) for $self->{quiet} ? () : @trouble;
    return @trouble;
}

sub _write_files ($self) {
    $self->write_file($_, $self->{files}{$_}) for sort keys %{ $self->{files} };
    spew("$self->{dir}/conf/httpd.conf", MCPTest::Httpd::Conf::text($self));
    return;
}

sub _command ($self, @args) {
    return (@{ $self->{under} // [] }, MCPTest::Httpd::Conf::installation()->{program}, '-f', "$self->{dir}/conf/httpd.conf", @args);
}

sub _environment ($self) {
    my %env = (LANG => 'C', %{ $self->{env} });
    if (my $preload = $ENV{MCP_LD_PRELOAD}) {
        $env{LD_PRELOAD}    //= $preload;
        $env{ASAN_OPTIONS}  //= $ENV{ASAN_OPTIONS}  // 'detect_leaks=0:abort_on_error=1';
        $env{UBSAN_OPTIONS} //= $ENV{UBSAN_OPTIONS} // 'print_stacktrace=1';
        $env{TSAN_OPTIONS}  //= $ENV{TSAN_OPTIONS}  // $TSAN_OPTIONS;
    }
    return %env;
}

# True once the server is up: its first port takes connections and the log says so. False when the process ended or
# 30 seconds are over.
sub _answers ($self) {
    my $up;
    wait_until(30, sub {
        return 1 if $self->_died;
        $up = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->port, Proto => 'tcp', Timeout => 1);
    });
    return 0 if !$up || $self->_died;
    my $ready = qr/resuming normal operations.*Command line/s;    # absent at a quiet LogLevel: then only the wait is lost
    wait_until(2, sub { $self->_died || $self->error_log(all => 1) =~ $ready });
    return !$self->_died;
}

# A moment for workers to be done with what was answered: at SIGTERM the event MPM of 2.4.71 closes their sockets under
# their feet, and a child may crash there (close_worker_sockets), with or without any module of ours.
sub quit ($self, $pid) {
    select undef, undef, undef, 0.05;
    kill TERM => $pid;
    return wait_until(15, sub { waitpid($pid, WNOHANG) != 0 });
}

sub _reload ($self, $signal) {
    my $resumed = sub { scalar(() = $self->error_log(all => 1) =~ /resuming normal operations/g) };
    my $before  = $resumed->();
    kill $signal => $self->{pid} or return 0;
    return wait_until(20, sub { $self->_died || $resumed->() > $before }) && !$self->_died;
}

sub _log ($self, $name, %opt) {
    my $file = "$self->{dir}/logs/$name";
    return '' if !-e $file;
    my $text = slurp($file);
    return $opt{all} ? $text : substr $text, $self->{"mark_$name"} // 0;
}

sub _console ($self) {
    my $file = "$self->{dir}/logs/console";
    return -e $file ? slurp($file) : '';
}

sub _tolerated ($self, $text) { return $self->{tolerate} && $text =~ $self->{tolerate} }

sub _report ($self, $what) {
    my $test = Test::Builder->new;
    $test->ok(0, 'httpd stayed healthy');
    $test->diag($what);
    return;
}

# A sanitizer's or valgrind's report with its stack, for the one who has to find the fault.
sub _sanitizer_text ($self) {
    my ($text) = ($self->error_log(all => 1) . $self->_console) =~ /^(.*(?:Sanitizer|runtime error:|^==\d+== \S).*(?:\n.*){0,40})/m;
    return $text // ();
}

sub _tail ($text) {
    my @lines = split /\n/, $text;
    return join "\n", '', @lines[ (@lines > 20 ? -20 : -@lines) .. -1 ] if @lines;
    return '';
}

1;
