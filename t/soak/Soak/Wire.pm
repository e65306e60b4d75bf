package Soak::Wire;
# A connection of a client that repeats what a client repeats: a request on a connection that had been idle, and was closed before a
# byte of an answer came. A graceful restart closes such connections, and nothing can be known of it when the request goes out.
#
#   my $wire = Soak::Wire->new($httpd->url, timeout => 20);
#   my ($response, $repeated) = $wire->ask($method, $target, $fields, $body, @options);    # those of MCPTest::HTTP

use v5.36;
use parent 'MCPTest::HTTP';
use MCPTest::Reader;

sub ask ($self, @request) {
    my $used = $self->{reader};
    $used->{came} = 0 if $used;
    my $res = $self->request(@request, keep => 1);
    return ($res, 0) if $res->status || !$used || $used->{came} || $res->error ne 'eof';
    $self->close;
    return (scalar $self->request(@request, keep => 1), 1);
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
