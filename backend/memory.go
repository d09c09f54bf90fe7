package backend

// Room is what a Backend implements that can tell how much of the device's memory is not in use, in bytes.
type Room interface {
	Room() (int64, error)
}
