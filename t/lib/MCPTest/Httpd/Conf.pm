package MCPTest::Httpd::Conf;
# The configuration of a private httpd: where the program and its modules are, the frame around a test's own lines,
# and the placeholders in them.

use v5.36;
use MCPTest::TLS;
use MCPTest::Util qw(build_dir run);

my @MODULES = qw(
    mime dir alias authn_core authz_core authz_host authz_user access_compat env setenvif headers rewrite proxy proxy_http
);

# Asks apxs once: {program, modules (directory)}.
sub installation () {
    state $found = do {
        my $apxs = $ENV{APXS} || 'apxs';
        my ($sbin, $name, $modules) = map { run([ $apxs, '-q', $_ ])->{out} =~ s/\s+\z//r } qw(SBINDIR PROGNAME LIBEXECDIR);
        my ($program) = grep { -x } $ENV{HTTPD} || (), "$sbin/$name", qw(/usr/sbin/apache2 /usr/sbin/httpd);
        die "no httpd: is $apxs installed?\n" if !$program || !-d $modules;
        { program => $program, modules => $modules };
    };
    return $found;
}

# Whether this httpd has a module, as a file or compiled in.
sub has_module ($name) {
    state $builtin = { map { $_ => 1 } run([ installation()->{program}, '-l' ])->{out} =~ /^\s*(?:mod_|http_)?(\w+)\.c$/mg };
    return $builtin->{$name} || -e module_file($name);
}

sub module_file ($name) { return installation()->{modules} . "/mod_$name.so" }

# The built module of this project.
sub module_so () { return build_dir() . '/mod_auth_mcp.so' }

# The whole text: frame, then the test's lines. $server is a MCPTest::Httpd.
sub text ($server) {
    my $root = $server->root;
    my $mpm  = $server->{mpm};
    return render($server, join "\n",
        "ServerRoot \"$root\"", "DefaultRuntimeDir \"$root/run\"", "PidFile \"$root/run/httpd.pid\"",
        "ServerName 127.0.0.1:\@PORT@", 'Listen 127.0.0.1:@PORT@', load_lines($server), user_lines(), mpm_lines($mpm),
        "ErrorLog \"$root/logs/error_log\"", "LogLevel " . log_level($server),
        "LogFormat \"$server->{access_format}\" test", "CustomLog \"$root/logs/access_log\" test",
        'Timeout 30', 'KeepAliveTimeout 5', 'GracefulShutdownTimeout 2', 'TraceEnable off', document_lines($root),
        $server->{conf}, '');
}

sub load_lines ($server) {
    my %seen;
    my $cgi     = $server->{mpm} eq 'prefork' ? 'cgi' : 'cgid';
    my @wanted  = grep { !$seen{$_}++ } "mpm_$server->{mpm}", @MODULES, $cgi, $server->{tls} ? qw(socache_shmcb ssl http2) : (), @{ $server->{modules} };
    my @missing = grep { !has_module($_) } @wanted;
    die "this httpd lacks: @missing\n" if @missing;
    my @lines = map { "LoadModule ${_}_module \"" . module_file($_) . '"' } grep { -e module_file($_) } @wanted;
    push @lines, 'ScriptSock cgid.sock' if $cgi eq 'cgid';
    return (@lines, module_line($server));
}

sub module_line ($server) {
    return () if !$server->{module};
    my $so = module_so();
    die "$so is missing: run make\n" if !-e $so;
    return "LoadModule auth_mcp_module \"$so\"";
}

# Root gives its children to an unprivileged user; any other user keeps its own.
sub user_lines () {
    return () if $<;
    my ($user) = grep { defined getpwnam $_ } qw(www-data apache nobody);
    my $group = getgrgid((getpwnam $user)[3]);
    return ("User $user", "Group $group");
}

sub mpm_lines ($mpm) {
    return ('StartServers 2', 'MinSpareServers 2', 'MaxSpareServers 8', 'MaxRequestWorkers 16') if $mpm eq 'prefork';
    return ('StartServers 2', 'ThreadsPerChild 8', 'MaxRequestWorkers 32', 'MinSpareThreads 8', 'MaxSpareThreads 32');
}

sub log_level ($server) {
    return $server->{log_level} // 'info' . ($server->{module} ? ' auth_mcp:trace8' : '');
}

sub document_lines ($root) {
    return (
        "DocumentRoot \"$root/htdocs\"", 'TypesConfig /dev/null', 'AddType text/html .html', 'AddHandler cgi-script .cgi',
        '<Directory "/">', 'AllowOverride None', 'Require all denied', '</Directory>',
        "<Directory \"$root/htdocs\">", 'AllowOverride All', 'Options +ExecCGI +FollowSymLinks', 'Require all granted', '</Directory>',
    );
}

# Replaces @PORT@ @PORT2@..@PORT9@ @ROOT@ @KEYS@ @TLS@ @CA@ and the test's own vars; a name nobody knows is an error.
sub render ($server, $text) {
    return $text =~ s/\@([A-Z][A-Z0-9_]*)\@/value($server, $1)/ger;
}

sub value ($server, $name) {
    return $server->{vars}{$name} if defined $server->{vars}{$name};
    return $server->port($1 || 1) if $name =~ /^PORT([2-9]?)\z/;
    return $server->root if $name eq 'ROOT';
    return build_dir() . '/t-keys' if $name eq 'KEYS';
    return MCPTest::TLS::directives() if $name eq 'TLS';
    return MCPTest::TLS::files()->{ca} if $name eq 'CA';
    die "unknown placeholder \@$name\@ in the configuration\n";
}

1;
