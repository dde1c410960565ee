package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"rwe301/internal/printable"
)

// publishRun puts on the server what a run needs there. What an earlier coordinator of the run left is replaced.
func (c *Coordinator) publishRun(ctx context.Context) (err error) {
	if err := hasJetStream(ctx, c.js); err != nil {
		return err
	}
	results, err := c.nc.ChanSubscribe(c.names.results(), c.results)
	if err != nil {
		return err
	}
	lives, err := c.nc.Subscribe(c.names.alive(), c.heard)
	if err != nil {
		return err
	}
	who, err := c.nc.Subscribe(c.names.who(), func(m *nats.Msg) { _ = m.Respond([]byte(c.names.life)) })
	if err != nil {
		return err
	}
	c.subs = []*nats.Subscription{results, lives, who}
	if err := c.nc.Flush(); err != nil {
		return err
	}
	if err := c.removeStreams(ctx); err != nil {
		return err
	}
	if err := c.openBucket(ctx); err != nil {
		return err
	}
	c.sweep(ctx)
	if e, err := c.kv.Get(ctx, c.names.id); err == nil { // of a coordinator that lives no more
		c.revision = e.Revision()
	}
	return c.offerRun(ctx)
}

// offerRun makes the streams of a run, and then its offer.
func (c *Coordinator) offerRun(ctx context.Context) error {
	if c.run.Data != nil {
		if err := c.publishImages(ctx); err != nil {
			return err
		}
	}
	s, err := c.js.CreateStream(ctx, jetstream.StreamConfig{
		Name: c.names.stream(), Description: "open work of " + c.run.Name, Subjects: []string{c.names.work()},
		Retention: jetstream.WorkQueuePolicy,
	})
	if err != nil {
		return err
	}
	if _, err := s.CreateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: consumer, AckPolicy: jetstream.AckExplicitPolicy, AckWait: redelivered, MaxDeliver: -1, MaxAckPending: -1,
		MaxWaiting: 1 << 16,
	}); err != nil {
		return err
	}
	return c.renew(ctx)
}

// openBucket opens or makes the bucket of offers. One of the same name that is something else stays as it is.
func (c *Coordinator) openBucket(ctx context.Context) error {
	config := jetstream.KeyValueConfig{Bucket: bucket, Description: "runs of bench301 that want workers", TTL: forgotten}
	kv, err := c.js.KeyValue(ctx, bucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		if kv, err = c.js.CreateKeyValue(ctx, config); errors.Is(err, jetstream.ErrBucketExists) {
			kv, err = c.js.KeyValue(ctx, bucket) // another coordinator was faster
		}
	}
	if err != nil {
		return err
	}
	status, err := kv.Status(ctx)
	if err != nil {
		return err
	}
	if status.TTL() != config.TTL {
		return fmt.Errorf("the server has a bucket %q that is not one of offers (its entries live %v, not %v): use another "+
			"account or server, or remove the bucket", bucket, status.TTL(), config.TTL)
	}
	c.offering.Lock()
	c.kv = kv
	c.offering.Unlock()
	return nil
}

// errTaken says that two coordinators have one name.
var errTaken = errors.New("another process offers this run under the same name, as from a copy of its folder")

// renew puts the offer where workers find it, unless another coordinator has taken its place.
func (c *Coordinator) renew(ctx context.Context) error {
	c.offering.Lock()
	defer c.offering.Unlock()
	text := encode(c.offer)
	if most := c.nc.MaxPayload(); int64(len(text)) > most {
		return fmt.Errorf("the questions with the files of their programs have %d bytes, a message of the server at most "+
			"%d: raise its max_payload", len(text), most)
	}
	revision, err := c.kv.Update(ctx, c.names.id, text, c.revision)
	if isWrongRevision(err) {
		var e jetstream.KeyValueEntry
		switch e, err = c.kv.Get(ctx, c.names.id); {
		case errors.Is(err, jetstream.ErrKeyNotFound):
			revision, err = c.kv.Create(ctx, c.names.id, text)
		case err == nil:
			var there offer
			if json.Unmarshal(e.Value(), &there) == nil && there.Life != c.offer.Life {
				return fmt.Errorf("%w (%s)", errTaken, printable.Cut(there.Host, 100))
			}
			revision, err = c.kv.Update(ctx, c.names.id, text, e.Revision())
		}
	}
	if err == nil {
		c.revision = revision
	}
	return err
}

func isWrongRevision(err error) bool {
	var api *jetstream.APIError
	return errors.Is(err, jetstream.ErrKeyExists) || errors.As(err, &api) &&
		(api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
			api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

// publishImages puts the images into the object store of the run.
func (c *Coordinator) publishImages(ctx context.Context) error {
	set := c.run.Data
	if c.offer.Images == nil {
		hash := sha256.New()
		size := &counter{}
		if err := set.Pack(io.MultiWriter(hash, size)); err != nil {
			return err
		}
		c.offer.Images = &images{set.Name, set.Hash, hex.EncodeToString(hash.Sum(nil)), size.n}
	}
	object := c.offer.Images.Object
	if here(set.Name, set.Hash) {
		return nil // every worker has it
	}
	objects, err := c.js.CreateOrUpdateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: c.names.images()})
	if err != nil {
		return err
	}
	if info, err := objects.GetInfo(ctx, object); err == nil && int64(info.Size) == c.offer.Images.Bytes {
		return nil // an earlier coordinator of the run brought them
	}
	r, w := io.Pipe()
	go func() { w.CloseWithError(set.Pack(w)) }()
	defer r.Close()
	_, err = objects.Put(ctx, jetstream.ObjectMeta{Name: object, Description: set.Name}, r)
	return err
}

// counter counts bytes.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// removeStreams removes the work of this and earlier coordinators of the run.
func (c *Coordinator) removeStreams(ctx context.Context) error {
	old := names{c.names.id, "*"}
	list := c.js.StreamNames(ctx, jetstream.WithStreamListSubject(old.work()))
	for name := range list.Name() {
		if !strings.HasPrefix(name, c.names.images()+"-") {
			continue // a stream of somebody else that takes all subjects
		}
		if err := c.js.DeleteStream(ctx, name); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return err
		}
	}
	return list.Err()
}

// sweep removes the streams and images of runs whose coordinators were killed: nobody offers them, and nobody answers.
// One of them that is begun again makes its own anew.
func (c *Coordinator) sweep(ctx context.Context) {
	list := c.js.ListStreams(ctx)
	for s := range list.Info() {
		name := strings.TrimPrefix(s.Config.Name, "OBJ_")
		id, life, _ := strings.Cut(strings.TrimPrefix(name, names{}.images()), "-")
		n := names{id, life}
		if !isName(id) || id == c.names.id || s.Config.Name != n.stream() && s.Config.Name != "OBJ_"+n.images() {
			continue // ours, or somebody else's
		}
		if s.TimeStamp.Sub(s.Created) < forgotten { // by the server's clock: its run may be beginning
			continue
		}
		if _, err := c.kv.Get(ctx, id); !errors.Is(err, jetstream.ErrKeyNotFound) || c.lives(id) {
			continue
		}
		_ = c.js.DeleteStream(ctx, s.Config.Name) // the next to begin a run tries again
	}
}

// clear takes the run off the server.
func (c *Coordinator) clear(ctx context.Context) error {
	var errs []error
	if c.kv != nil && c.revision > 0 {
		errs = append(errs, c.kv.Delete(ctx, c.names.id, jetstream.LastRevision(c.revision)))
	}
	errs = append(errs, c.js.DeleteStream(ctx, c.names.stream()))
	if len(errs) == 2 && errs[0] == nil { // nobody else uses them
		_ = c.js.DeleteObjectStore(ctx, c.names.images())
	}
	return errors.Join(errs...)
}
