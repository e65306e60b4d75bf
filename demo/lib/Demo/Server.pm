package Demo::Server;
# The moving parts of the demo: a directory of its own, the backend, and a private httpd on the loopback.
# Everything ends and goes away with stop. Not what is asked of them.

use v5.36;
use Cwd 'abs_path';
use File::Basename 'dirname';
use File::Temp ();
use IO::Socket::INET;
use POSIX qw(WNOHANG);

my $PROJECT = abs_path(dirname(__FILE__) . '/../../..');

# The frame: what any httpd has. The lines that matter are the demo's own.
my $FRAME = <<'CONF';
ServerRoot "@DIR@"
DefaultRuntimeDir "@DIR@"
PidFile "@DIR@/httpd.pid"
ServerName 127.0.0.1
Listen 127.0.0.1:@PORT@
@MODULES@
@USER@
StartServers 1
ErrorLog "@DIR@/error_log"
LogLevel warn auth_mcp:info
<Location "/">
    Require all denied
</Location>
CONF

sub new ($class) {
    my $build = $ENV{BUILD} || 'build';
    my $self  = bless { owner => $$, build => $build =~ m{^/} ? $build : "$PROJECT/$build" }, $class;
    for my $file ($self->token_tool, $self->module) { die "$file is missing: run make\n" if !-e $file }
    $self->{dir} = File::Temp->newdir('mcp-demo-XXXXXX', TMPDIR => 1, CLEANUP => 0)->dirname;
    chmod 0755, $self->{dir} or die "$self->{dir}: $!\n";    # httpd's children may be another user
    return $self;
}

sub dir ($self)        { return $self->{dir} }
sub module ($self)     { return "$self->{build}/mod_auth_mcp.so" }
sub token_tool ($self) { return "$self->{build}/mcp-token" }
sub url ($self, $path) { return "http://127.0.0.1:$self->{port}$path" }

# Chooses the port; everything that is said about URLs comes after it.
sub reserve_port ($self) {
    my $probe = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $ENV{PORT} // 0, Listen => 1)
        or die "127.0.0.1:$ENV{PORT} cannot be had: $@\n";
    return $self->{port} = $probe->sockport;
}

# Starts backend.pl and returns its URL.
sub start_backend ($self) {
    pipe my $read, my $write or die "pipe: $!\n";
    $self->{backend} = _spawn("$self->{dir}/backend_log", $write, $^X, "$PROJECT/demo/backend.pl");
    close $write;
    my $port = readline $read;
    die "The backend did not start:\n" . $self->log('backend_log') if !$port;
    return 'http://127.0.0.1:' . ($port =~ s/\s//gr);
}

# Starts httpd with these lines; returns when it answers.
sub start_httpd ($self, $lines) {
    my $found = _installation();
    my %value = (DIR => $self->{dir}, PORT => $self->{port}, USER => _user(), MODULES => $self->_modules($found));
    my $file  = "$self->{dir}/httpd.conf";
    open my $out, '>', $file or die "$file: $!\n";
    print {$out} $FRAME =~ s/\@([A-Z]+)\@/$value{$1}/gr, $lines or die "$file: $!\n";
    close $out or die "$file: $!\n";
    $self->{httpd} = _spawn("$self->{dir}/console", undef, $found->{program}, '-f', $file, '-DFOREGROUND');
    for (1 .. 100) {
        last if !$self->alive;
        return if IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}, Timeout => 1);
        select undef, undef, undef, 0.1;
    }
    die "httpd did not start:\n" . $self->log('console') . $self->log('error_log');
}

sub log ($self, $name) {
    open my $in, '<', "$self->{dir}/$name" or return '';
    local $/;
    return readline($in) // '';
}

# Whether all that was started still runs.
sub alive ($self) {
    for my $which (grep { $self->{$_} } qw(httpd backend)) {
        next if waitpid($self->{$which}, WNOHANG) == 0;
        delete $self->{$which};
        return 0;
    }
    return 1;
}

# Ends the children by their ids and removes the directory. Only in the process that began it.
sub stop ($self) {
    return if $self->{owner} != $$;
    for my $pid (grep { defined } delete @$self{qw(httpd backend)}) {
        kill TERM => $pid;
        for (1 .. 100) {
            last if waitpid($pid, WNOHANG) != 0;
            select undef, undef, undef, 0.1;
            kill KILL => $pid if $_ == 99;
        }
    }
    if (my $dir = delete $self->{dir}) {
        require File::Path;
        File::Path::remove_tree($dir);
    }
    return;
}

# A child in a session of its own, so that Ctrl-C reaches only the demo, and prefork's stop only httpd. It writes to a log, and to
# $out where one is given.
sub _spawn ($log, $out, @command) {
    my $pid = fork() // die "fork: $!\n";
    return $pid if $pid;
    POSIX::setsid();
    open STDIN,  '<',  '/dev/null' or POSIX::_exit(126);
    open STDERR, '>>', $log        or POSIX::_exit(126);
    open STDOUT, '>&', $out // \*STDERR or POSIX::_exit(126);
    no warnings 'exec';
    exec { $command[0] } @command or POSIX::_exit(127);
}

# Where httpd and its modules are, as apxs says.
sub _installation () {
    my $apxs = $ENV{APXS} || 'apxs';
    my ($sbin, $name, $modules) = map { my $said = qx{$apxs -q $_ 2>/dev/null} // ''; $said =~ s/\s+\z//r } qw(SBINDIR PROGNAME LIBEXECDIR);
    my ($program) = grep { -x } "$sbin/$name", qw(/usr/sbin/apache2 /usr/sbin/httpd);
    die "No httpd found by '$apxs': run sudo make deps\n" if !$program || !-d $modules;
    return { program => $program, modules => $modules };
}

sub _modules ($self, $found) {
    my ($mpm) = grep { -e "$found->{modules}/mod_mpm_$_.so" } qw(event worker prefork);
    my @names = grep { -e "$found->{modules}/mod_$_.so" } $mpm ? "mpm_$mpm" : (), qw(unixd authn_core authz_core proxy proxy_http);
    return join "\n", (map { "LoadModule ${_}_module \"$found->{modules}/mod_$_.so\"" } @names),
        'LoadModule auth_mcp_module "' . $self->module . '"';
}

# Started by root, httpd wants another user for its children.
sub _user () {
    return '' if $>;
    my ($name) = grep { defined getpwnam $_ } qw(www-data apache nobody);
    return "User $name\nGroup " . getgrgid((getpwnam $name)[3]);
}

1;
