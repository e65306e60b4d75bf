package MCPTest::Curl;
# The curl command as a client, for what core Perl cannot speak: TLS and HTTP/2.
#
#   my $res = curl("https://localhost:$port/mcp", '--cacert', $tls->{ca}, '--http2', '-H', 'Authorization: Bearer x');
#
# Returns a MCPTest::HTTP::Response (version HTTP/2 or HTTP/1.1); status 0 and error = curl's message when it failed.
# A body is given with -d or --data-binary as usual; redirects are not followed.

use v5.36;
use Exporter 'import';
use File::Temp ();
use MCPTest::HTTP::Response;
use MCPTest::Util qw(run slurp);

our @EXPORT_OK = qw(curl curl_has);

sub curl ($url, @args) {
    my ($head, $body) = map { File::Temp->new } 1 .. 2;
    my $done = run([ 'curl', '-sS', '--noproxy', '*', '--max-time', 20, '-D', $head->filename, '-o', $body->filename, @args, $url ]);
    return MCPTest::HTTP::Response->new(error => $done->{err} =~ s/\s+\z//r) if $done->{exit};
    my @messages = map { _head($_) } grep { length } split /\r?\n\r?\n/, slurp($head->filename);
    my $res      = pop @messages or return MCPTest::HTTP::Response->new(error => 'no response head');
    $res->{body}    = slurp($body->filename);
    $res->{interim} = \@messages;
    return $res;
}

# Whether this curl knows a feature, such as HTTP2.
sub curl_has ($feature) {
    state $version = run([ 'curl', '--version' ])->{out};
    return $version =~ /^Features:.*\b\Q$feature\E\b/mi;
}

sub _head ($text) {
    my ($first, @lines) = split /\r?\n/, $text;
    my ($version, $status, $reason) = $first =~ m{^(HTTP/[\d.]+) (\d{3}) ?(.*)} or return;
    my @fields = map { [ /^([^:]+):[ \t]*(.*?)[ \t]*$/ ] } @lines;
    return MCPTest::HTTP::Response->new(version => $version, status => $status, reason => $reason, fields => \@fields);
}

1;
