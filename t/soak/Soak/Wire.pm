package Soak::Wire;
# A connection of a client that repeats what a client repeats: a request on a connection that had been idle, and was closed before a
# byte of an answer came. A graceful restart closes such connections, and nothing can be known of it when the request goes out.
#
#   my $wire = Soak::Wire->new($httpd->url, timeout => 20);
#   my ($response, $repeated) = $wire->ask($method, $target, $fields, $body, @options);    # those of MCPTest::HTTP
#
# $repeated is undef, or for how many seconds the connection had been idle.

use v5.36;
use parent 'MCPTest::HTTP';
use MCPTest::Reader;
use Time::HiRes 'time';

sub ask ($self, @request) {
    my $used = $self->{reader};
    my $idle = time - ($self->{last} // 0);
    $used->{came} = 0 if $used;
    my $res   = $self->request(@request, keep => 1);
    my $again = !$res->status && $used && !$used->{came} && $res->error eq 'eof';
    $self->close if $again;
    $res = $self->request(@request, keep => 1) if $again;
    $self->{last} = time;
    return ($res, $again ? $idle : undef);
}

sub _reader ($self, %opt) {
    my $reader = $self->SUPER::_reader(%opt) or return;
    return bless $reader, 'Soak::Wire::Reader';
}

package Soak::Wire::Reader;
# Notes that something came.

use v5.36;
use parent -norequire, 'MCPTest::Reader';

sub fill ($self) {
    my $more = $self->SUPER::fill;
    $self->{came} ||= $more;
    return $more;
}

1;
