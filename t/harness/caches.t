# The harness itself: real cache servers that end as they are told, and show and take everything.
use v5.36;
use IO::Socket::INET;
use MCPTest::Memcached;
use MCPTest::Redis;
use MCPTest::Util qw(run wait_until);
use Test::More;
use Time::HiRes qw(sleep time);

# Whether somebody takes connections there.
sub listens ($port) { return defined IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Proto => 'tcp', Timeout => 2) }

# The process as the system sees it: its state, or nothing when there is none.
sub state_of ($pid) { return run([ 'ps', '-o', 'stat=', '-p', $pid ])->{out} =~ s/\s+//gr }

# What another client says: the program of the package, or bytes through a socket of our own.
sub foreign ($cache, $bytes) {
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $cache->port, Proto => 'tcp', Timeout => 2) or return '';
    print {$socket} $bytes;
    shutdown $socket, 1;
    local $/;
    return readline($socket) // '';
}

my %SET = (
    'MCPTest::Redis'     => sub ($key, $value) { sprintf "*3\r\n\$3\r\nSET\r\n\$%d\r\n%s\r\n\$%d\r\n%s\r\n", length $key, $key, length $value, $value },
    'MCPTest::Memcached' => sub ($key, $value) { sprintf "set %s 0 0 %d\r\n%s\r\n", $key, length $value, $value },
);
my %GET = (
    'MCPTest::Redis'     => sub ($key) { "GET $key\r\n" },
    'MCPTest::Memcached' => sub ($key) { "get $key\r\n" },
);
my $BYTES = join '', map { chr } 0 .. 255, 13, 10;

for my $class (qw(MCPTest::Redis MCPTest::Memcached)) {
    subtest $class => sub {
        $class->need;
        my $cache = $class->start(patience => 2);
        is $cache->address, '127.0.0.1:' . $cache->port, 'address';
        is_deeply [ $cache->keys ], [], 'empty at first';
        is_deeply $cache->dump, {}, 'nothing in it';

        foreign($cache, $SET{$class}->('other', $BYTES));
        is_deeply $cache->dump, { other => $BYTES }, 'what another client has stored, byte for byte';
        $cache->set('a%b', "\r\nEND\r\n\0");
        like foreign($cache, $GET{$class}->('a%b')), qr/\r\n\r\nEND\r\n\0\r\n/, 'another client gets what was set here';
        is_deeply [ $cache->keys ], [ 'a%b', 'other' ], 'keys';
        $cache->set(other => '');
        is $cache->value('other'), '', 'overwritten by nothing';
        is $cache->value('none'), undef, 'no value';
        is $cache->ttl('other'), undef, 'for ever';
        $cache->delete('other');
        is_deeply [ $cache->keys ], ['a%b'], 'deleted';

        $cache->set(short => 'x', 1);
        $cache->set(long => 'x', 100);
        cmp_ok abs($cache->ttl('long') - 99), '<=', 2, 'time to live';
        ok wait_until(4, sub { !defined $cache->value('short') }), 'an entry ends';
        is_deeply [ $cache->keys ], [ 'a%b', 'long' ], 'and is listed no more';

        $cache->set("many-$_", "v$_" x 100) for 1 .. 1000;
        my $all = $cache->dump;
        is scalar(keys %$all), 1002, 'a thousand more';
        is_deeply [ grep { $all->{"many-$_"} ne "v$_" x 100 } 1 .. 1000 ], [], 'each with its value';
        sleep 1.1 if $class =~ /Memcached/;    # flush_all counts in whole seconds
        $cache->flush;
        is_deeply [ $cache->keys ], [], 'flushed';

        $cache->set(kept => 'x');
        my ($port, $pid) = ($cache->port, $cache->pid);
        $cache->freeze;
        ok wait_until(2, sub { state_of($pid) =~ /^T/ }), 'frozen';
        ok listens($port), 'takes connections';
        my $start = time;
        ok !eval { $cache->value('kept'); 1 }, 'answers nothing';
        cmp_ok time - $start, '>', 1.8, 'however long one waits';
        $cache->thaw;
        is $cache->value('kept'), 'x', 'thawed, with everything';

        $cache->down;
        ok !listens($port), 'down: refused';
        is state_of($pid), '', 'the process is gone';
        ok !eval { $cache->keys; 1 }, 'nobody to ask';
        $cache->down;
        $cache->up;
        is $cache->port, $port, 'up on the same port';
        isnt $cache->pid, $pid, 'another process';
        is_deeply $cache->dump, {}, 'what it held is lost';
        $pid = $cache->pid;
        $cache->up;
        is $cache->pid, $pid, 'up already';
        $cache->freeze;
        $cache->down;
        is state_of($pid), '', 'a frozen one goes down as well';
        $cache->up;

        is_deeply [ grep { !m{/said\z} } glob "$cache->{dir}/*" ], [], 'it has written no file';
        ok !eval { $class->start(port => $port); 1 }, 'a port that another one has is not taken for its own';
        $pid = $cache->pid;
        my $dir = "$cache->{dir}";
        undef $cache;
        is state_of($pid) . (-e $dir ? ' directory' : ''), '', 'ends with its object';
    };

    subtest "$class: tests that end badly" => sub {
        my @perl = ($^X, (map { "-I$_" } @INC), '-e');
        my $out  = run([ @perl, "use v5.36; use $class; my \$c = $class->start; \$| = 1; say \$c->port, ' ', \$c->{dir}; kill KILL => \$\$" ])->{out};
        my ($port, $dir) = $out =~ /^(\d+) (\S+)$/ or die "it did not start: $out";
        ok wait_until(5, sub { !listens($port) && !-e $dir }), 'a killed test leaves no server and no directory';
        my $failing = "use v5.36; use Test::More; use $class; my \$c = $class->start; kill KILL => \$c->pid;"
            . 'select undef, undef, undef, 0.3; ok 1; %s done_testing;';
        for my $case ([ 'in its scope', 'undef $c;' ], [ 'at exit', '' ], [ 'by down', '$c->down;' ]) {
            my $done = run([ @perl, sprintf $failing, $case->[1] ]);
            isnt $done->{exit}, 0, "a test fails when its server died, found $case->[0]";
            like $done->{out}, qr/^not ok .*stayed alive/m, 'and says so';
        }
    };
}

subtest 'redis: any command' => sub {
    my $redis = MCPTest::Redis->start;
    is $redis->ask('INCR', 'n'), 1, 'a number';
    is_deeply $redis->ask('MGET', 'n', 'none'), [ 1, undef ], 'a list';
    ok !eval { $redis->ask('NONSENSE'); 1 }, 'an error';
    like $@, qr/unknown command/, 'with its text';
};

done_testing;
