# make demo: the walk holds, its failures show in the exit code, and nothing stays behind.
use v5.36;
use HTTP::Tiny;
use IO::Socket::INET;
use MCPTest::Util qw(build_dir project_dir run slurp spew tempdir wait_until);
use POSIX ();
use Test::More;

my $DEMO = project_dir() . '/demo/demo.pl';
my %OWN  = map { $_ => undef } qw(CHECK PORT NO_COLOR http_proxy HTTP_PROXY all_proxy);
delete @ENV{ keys %OWN };

# A place of its own for what the demo leaves lying about.
sub place () {
    my $dir = tempdir();
    chmod 01777, "$dir";
    return $dir;
}

sub left_in ($dir) { return [ map { s{.*/}{}r } glob "$dir/*" ] }

# The processes that were started with the directory in their environment, as all of the demo's are.
sub running_in ($dir) {
    return grep { my $words = eval { slurp($_) } // ''; $words =~ /(?:\A|\0)TMPDIR=\Q$dir\E\0/ } glob '/proc/[0-9]*/environ';
}

subtest 'the walk' => sub {
    my $dir = place();
    my $got = run([ $^X, $DEMO ], env => { CHECK => 1, TMPDIR => "$dir", BUILD => build_dir(), http_proxy => 'http://127.0.0.1:9/' });
    is $got->{exit}, 0, 'exit 0' or diag $got->{out}, $got->{err};
    is $got->{err}, '', 'nothing on standard error';
    like $got->{out}, qr/^Every check held\.$/m, 'says so';
    unlike $got->{out}, qr/NOT OK/, 'no check failed';
    cmp_ok scalar(() = $got->{out} =~ /^   ok      /mg), '>=', 30, 'and they were many';
    unlike $got->{out}, qr/\e/, 'no colours';
    unlike $got->{out}, qr/Now yours/, 'does not stay';
    unlike $got->{out}, qr/eyJ[\w-]{40,}\./, 'tokens are shown shortened';
    like $got->{out}, qr/$_/, "shows $_" for 'MCPIssuer "https:', 'AuthType MCP', 'WWW-Authenticate: Bearer ', '401 Unauthorized', '403 Forbidden', 'scopes_supported', 'insufficient_scope', 'x-mcp-subject: alice';
    is_deeply left_in($dir), [], 'its directory is gone';
    is_deeply [ running_in($dir) ], [], 'its processes, too';
};

subtest 'a walk that fails' => sub {
    my ($dir, $build) = (place(), place());
    my $got = run([ $^X, $DEMO ], env => { CHECK => 1, TMPDIR => "$dir", BUILD => "$build" });
    is $got->{exit}, 1, 'nothing built: exit 1';
    like $got->{err}, qr{^\Q$build\E/mcp-token is missing: run make$}m, 'says what to do';

    symlink build_dir() . '/mod_auth_mcp.so', "$build/mod_auth_mcp.so" or die $!;
    my $tool = build_dir() . '/mcp-token';
    spew("$build/mcp-token", qq(#!/bin/sh\n"$tool" "\$@" | sed "s/\\.[^.]*\$/.AAAA/"\n), 0755);    # no signature is right any more
    $got = run([ $^X, $DEMO ], env => { CHECK => 1, TMPDIR => "$dir", BUILD => "$build" });
    is $got->{exit}, 1, 'keys or tokens that are wrong: exit 1';
    like $got->{out}, qr/^   ok      the status is 401$/m, 'what holds without a token held';
    is_deeply left_in($dir), [], 'its directory is gone';
    is_deeply [ running_in($dir) ], [], 'its processes, too';
};

subtest 'it stays up until Ctrl-C' => sub {
    my $dir = place();
    spew("$dir/out", '');
    my $pid = fork() // die "fork: $!";
    if (!$pid) {
        POSIX::setsid();
        @ENV{qw(TMPDIR BUILD)} = ("$dir", build_dir());
        open STDIN,  '<', '/dev/null' or POSIX::_exit(126);
        open STDOUT, '>', "$dir/out"  or POSIX::_exit(126);
        open STDERR, '>&', \*STDOUT   or POSIX::_exit(126);
        exec $^X, $DEMO or POSIX::_exit(127);
    }
    my $up = wait_until(60, sub { slurp("$dir/out") =~ m{^   Log: }m || waitpid($pid, POSIX::WNOHANG) != 0 });
    my $said = slurp("$dir/out");
    ok $up && $said =~ /^Now yours, until Ctrl-C:$/m, 'it stays' or diag $said;
    my ($url, $token) = $said =~ /inspector\@latest --cli (\S+) --method tools\/list --header "Authorization: Bearer (\S+)"$/m;
    like $said, qr/^   URL     \Q$url\E$/m, 'the URL';
    like $said, qr/^\Q$token\E$/m, 'the token on a line of its own';
    my $http = HTTP::Tiny->new(proxy => undef, http_proxy => undef);
    my $got  = $http->post($url, { content => '{"jsonrpc":"2.0","id":7,"method":"tools/list"}', headers => { 'Content-Type' => 'application/json', Authorization => "Bearer $token" } });
    is $got->{status}, 200, 'both work';
    like $got->{content}, qr/read_note/, 'for tools/list';
    my ($words) = $said =~ /More tokens: (.*?)\n   Log/s;
    my $minted = run([ 'sh', '-c', $words ]);
    is $minted->{exit}, 0, 'the line that makes further tokens' or diag $minted->{err};
    $got = $http->post($url, { content => '{"jsonrpc":"2.0","id":8,"method":"ping"}', headers => { Authorization => 'Bearer ' . $minted->{out} =~ s/\n//r } });
    is $got->{status}, 200, 'makes good ones';
    cmp_ok scalar(() = running_in("$dir")), '>=', 3, 'the demo, httpd and the MCP server run';
    kill INT => $pid;
    ok wait_until(20, sub { waitpid($pid, POSIX::WNOHANG) == $pid }), 'Ctrl-C ends it';
    is $?, 0, 'with exit 0';
    like slurp("$dir/out"), qr/^Ended; /m, 'and says so';
    is_deeply left_in($dir), ['out'], 'its directory is gone';
    is_deeply [ running_in($dir) ], [], 'its processes, too';
    my ($port) = $url =~ /:(\d+)/;
    ok !IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 1), 'nobody listens any more';
};

done_testing;
