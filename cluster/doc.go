// Package cluster lets processes of several machines answer the questions of one run: the queue of package scoring over
// NATS JetStream, by a server inside this process or by one that a laboratory has.
//
// A Coordinator, the scoring.Fleet of a run, publishes pieces of open work and keeps what comes back; a Worker takes
// pieces of every run that it is offered. On the server stand, for a run ID:
//
//	bucket bench301                its offer, by which workers find it, kept as long as the coordinator lives
//	bucket bench301-ID             the images that its estimators see, by SHA-256
//	stream bench301-ID             pieces, on the subject bench301.ID.work, each until it is acknowledged
//	subject bench301.ID.results    answers, confirmed once they are in the run's store
//	subject bench301.ID.alive      what each worker does, every two seconds
//
// A worker acknowledges a piece after its answers were confirmed, and keeps them until then. A piece that is not
// acknowledged is delivered again, to another worker; after five deliveries its scores have failed. The truth is the
// store of the run alone: a coordinator that starts again publishes what the store lacks.
package cluster
