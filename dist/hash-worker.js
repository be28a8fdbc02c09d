import { createRequire as __WEBPACK_EXTERNAL_createRequire } from "module";
var __webpack_exports__ = {};

;// CONCATENATED MODULE: external "node:worker_threads"
const external_node_worker_threads_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:worker_threads");
;// CONCATENATED MODULE: ./src/go/go-rule-error.ts
/**
 * Says that a text or file breaks a rule of the go command. The message is one sentence for a user; it may quote the
 * offending text, so it passes the report room before it is shown.
 */
class GoRuleError extends Error {
    name = 'GoRuleError';
    code;
    constructor(code, message, options) {
        super(message, options);
        this.code = code;
    }
}

;// CONCATENATED MODULE: external "node:crypto"
const external_node_crypto_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:crypto");
;// CONCATENATED MODULE: ./src/go/zip-directory.ts

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 0xffff;
const LOCATOR64_SIGNATURE = 0x07064b50;
const LOCATOR64_BYTES = 20;
const END64_SIGNATURE = 0x06064b50;
const END64_BYTES = 56;
const HEADER_SIGNATURE = 0x02014b50;
const HEADER_BYTES = 46;
const ZIP64_EXTRA = 1;
const UNSET32 = 0xffffffff;
/**
 * Returns the entries of the central directory, in its order.
 *
 * Go finds the directory from the end record and tolerates much: bytes before and after the zip, a wrong offset, more
 * entries than the record says (archive/zip/reader.go: readDirectoryEnd, Reader.init). Each tolerance is a way to show
 * one directory to us and another one to go, whose content would then never have been compared with go.sum. So what
 * is read here is read as Go does, and a zip that could be read in any other way is refused: the directory has to end
 * where its end record begins, the end record where the zip ends, and everything must be counted. What x/mod/zip and
 * every usual tool write meets that.
 * @throws GoRuleError 'zip' when it is no zip, is ambiguous, or has a directory of more than `maxBytes`.
 */
async function readZipDirectory(reader, maxBytes) {
    const region = await findDirectory(reader);
    if (region.bytes > maxBytes) {
        throw zipError(`its directory has ${region.bytes} bytes, at most ${maxBytes} are allowed`);
    }
    const directory = await reader.read(region.offset, region.bytes);
    const entries = [];
    for (let at = 0; at < directory.length;) {
        const { entry, next } = readHeader(directory, at);
        entries.push(entry);
        at = next;
    }
    // The plain end record has only 16 bits for it; Go compares no more than those either.
    if (entries.length % 0x10000 !== region.entries % 0x10000) {
        throw zipError(`its directory has ${entries.length} entries, but its end record says ${region.entries}`);
    }
    return entries;
}
/** Returns the error for a zip that is refused; `what` follows the words "not a valid module zip". */
function zipError(what, options) {
    return new GoRuleError('zip', `not a valid module zip: ${what}`, options);
}
async function findDirectory(reader) {
    const tailBytes = Math.min(reader.size, LOCATOR64_BYTES + END_BYTES + MAX_COMMENT_BYTES);
    const tailOffset = reader.size - tailBytes;
    const tail = Buffer.from(await reader.read(tailOffset, tailBytes));
    const at = lastEndRecord(tail);
    if (at === undefined)
        throw zipError('it has no end record (not a zip, or cut off)');
    if (at + END_BYTES + tail.readUInt16LE(at + 20) !== tail.length) {
        throw zipError('bytes follow its end record');
    }
    if (tail.readUInt16LE(at + 4) !== 0 || tail.readUInt16LE(at + 6) !== 0) {
        throw zipError('it is one of several parts');
    }
    const plain = {
        entries: tail.readUInt16LE(at + 10),
        bytes: tail.readUInt32LE(at + 12),
        offset: tail.readUInt32LE(at + 16),
    };
    const end = tailOffset + at;
    const hasLocator = at >= LOCATOR64_BYTES && tail.readUInt32LE(at - LOCATOR64_BYTES) === LOCATOR64_SIGNATURE;
    if (!hasLocator)
        return checkRegion(plain, end);
    return readRegion64(reader, plain, {
        locator: tail.subarray(at - LOCATOR64_BYTES, at),
        offset: end - LOCATOR64_BYTES,
    });
}
function lastEndRecord(tail) {
    for (let at = tail.length - END_BYTES; at >= 0; at--) {
        if (tail[at] === 0x50 && tail.readUInt32LE(at) === END_SIGNATURE)
            return at;
    }
    return undefined;
}
/**
 * Go follows the zip64 locator only when the plain record cannot hold a number. Where that is not so, a reader that
 * follows it nevertheless sees another directory: refused.
 */
async function readRegion64(reader, plain, found) {
    if (plain.entries !== 0xffff && plain.offset !== UNSET32) {
        throw zipError('it has a zip64 end record without need');
    }
    const at = found.offset - END64_BYTES;
    if (found.locator.readUInt32LE(4) !== 0 ||
        found.locator.readUInt32LE(16) !== 1 ||
        uint64(found.locator, 8) !== at) {
        throw zipError('its zip64 locator does not point to the record before it');
    }
    const record = at < 0 ? undefined : await reader.read(at, END64_BYTES);
    if (record?.readUInt32LE(0) !== END64_SIGNATURE)
        throw zipError('its zip64 end record is missing');
    return checkRegion({ entries: uint64(record, 32), bytes: uint64(record, 40), offset: uint64(record, 48) }, at);
}
function checkRegion(region, end) {
    if (region.offset + region.bytes !== end) {
        throw zipError('its directory is not where its end record says');
    }
    return region;
}
function readHeader(directory, at) {
    const head = directory.subarray(at, at + HEADER_BYTES);
    if (head.length < HEADER_BYTES || head.readUInt32LE(0) !== HEADER_SIGNATURE) {
        throw zipError('its directory is broken');
    }
    const nameEnd = at + HEADER_BYTES + head.readUInt16LE(28);
    const extraEnd = nameEnd + head.readUInt16LE(30);
    const next = extraEnd + head.readUInt16LE(32);
    if (next > directory.length)
        throw zipError('its directory is broken');
    const sizes = readSizes(head, directory.subarray(nameEnd, extraEnd));
    return {
        next,
        entry: {
            name: directory.toString('latin1', at + HEADER_BYTES, nameEnd),
            method: head.readUInt16LE(10),
            crc: head.readUInt32LE(16),
            hasDescriptor: (head.readUInt16LE(8) & 0x08) !== 0,
            ...sizes,
        },
    };
}
/** Takes sizes and offset, from the zip64 extra field where the header has no room for them (readDirectoryHeader). */
function readSizes(head, extra) {
    const packedBytes = head.readUInt32LE(20);
    const unpackedBytes = head.readUInt32LE(24);
    const offset = head.readUInt32LE(42);
    if (packedBytes !== UNSET32 && unpackedBytes !== UNSET32 && offset !== UNSET32) {
        return { packedBytes, unpackedBytes, offset };
    }
    const field = findExtra64(extra);
    let at = 0;
    const take = (plain) => {
        if (plain !== UNSET32)
            return plain;
        if (field === undefined || field.length < at + 8)
            throw zipError('a zip64 extra field is missing or short');
        at += 8;
        return uint64(field, at - 8);
    };
    // The order in the field: unpacked, packed, offset.
    const unpacked = take(unpackedBytes);
    return { unpackedBytes: unpacked, packedBytes: take(packedBytes), offset: take(offset) };
}
function findExtra64(extra) {
    let found;
    for (let at = 0; at + 4 <= extra.length;) {
        const end = at + 4 + extra.readUInt16LE(at + 2);
        if (end > extra.length)
            break;
        if (extra.readUInt16LE(at) === ZIP64_EXTRA) {
            // Readers differ in which of two they take.
            if (found !== undefined)
                throw zipError('an entry has two zip64 extra fields');
            found = extra.subarray(at + 4, end);
        }
        at = end;
    }
    return found;
}
/** Not exact above 2^53; all limits are far below that. */
function uint64(buffer, at) {
    return Number(buffer.readBigUInt64LE(at));
}

;// CONCATENATED MODULE: external "node:stream"
const external_node_stream_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:stream");
;// CONCATENATED MODULE: external "node:timers/promises"
const promises_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:timers/promises");
;// CONCATENATED MODULE: external "node:zlib"
const external_node_zlib_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:zlib");
;// CONCATENATED MODULE: ./src/go/zip-entries.ts





const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;
const DESCRIPTOR_SIGNATURE = 0x08074b50;
/** CRC and two sizes, without and with the signature. */
const MIN_DESCRIPTOR_BYTES = 12;
const MAX_DESCRIPTOR_BYTES = 16;
const NOTHING = Buffer.alloc(0);
const STORED = 0;
const DEFLATED = 8;
/** Up to here an entry is read and inflated in one go, which is many times faster than a stream; it takes some 10 ms. */
const AT_ONCE_BYTES = 2 ** 22;
/** Of a stream; and after so many bytes at once the event loop gets its turn. */
const CHUNK_BYTES = 2 ** 18;
const TURN_BYTES = 2 ** 20;
/**
 * Returns the content hash of every entry, in the order given. Reads them as archive/zip does (File.Open,
 * checksumReader): a directory has no content, sizes must be as declared, the CRC must be right where there is one.
 * @throws GoRuleError 'zip'; the reason of `signal` as it is.
 */
async function hashZipEntries(reader, entries, signal) {
    // In the order in which they lie, so that the disk is read once, forwards.
    const order = entries.map((entry, index) => ({ entry, index }));
    order.sort((a, b) => a.entry.offset - b.entry.offset);
    const hashes = new Array(entries.length);
    let sinceTurn = 0;
    for (const { entry, index } of order) {
        // Most entries are small and lie in what was read ahead: to wait for each would take as long as to hash it.
        hashes[index] = {
            name: entry.name,
            sha256: hashAtHand(reader, entry) ?? (await hashEntry(reader, entry)),
        };
        // A directory of many tiny entries takes time too.
        sinceTurn += entry.unpackedBytes + entry.packedBytes + LOCAL_BYTES;
        if (sinceTurn < TURN_BYTES)
            continue;
        sinceTurn = 0;
        await (0,promises_namespaceObject.setImmediate)();
        signal?.throwIfAborted();
    }
    return hashes;
}
/** Returns the hash of an entry that can be had without waiting; else undefined, as for all that is no plain small file. */
function hashAtHand(reader, entry) {
    if (isDirectory(entry) || isLarge(entry))
        return undefined;
    const head = reader.atHand(entry.offset, LOCAL_BYTES);
    if (head === undefined)
        return undefined;
    const start = startOfData(entry, head);
    checkPacking(entry);
    const packed = reader.atHand(start, entry.packedBytes);
    if (packed === undefined)
        return undefined;
    const end = start + entry.packedBytes;
    const behind = entry.hasDescriptor ? reader.atHand(end, describedBytes(reader, end)) : NOTHING;
    if (behind === undefined)
        return undefined;
    return checkContent(entry, contentOf(entry, packed), behind);
}
async function hashEntry(reader, entry) {
    const start = startOfData(entry, await reader.read(entry.offset, LOCAL_BYTES));
    if (isDirectory(entry)) {
        // Some tools give a directory a packed size; Go minds only an unpacked one.
        if (entry.unpackedBytes !== 0)
            throw entryError(entry, 'is a directory with content');
        return (0,external_node_crypto_namespaceObject.hash)('sha256', '', 'hex');
    }
    checkPacking(entry);
    const content = isLarge(entry)
        ? await streamContent(reader, entry, start)
        : contentOf(entry, await reader.read(start, entry.packedBytes));
    const end = start + entry.packedBytes;
    return checkContent(entry, content, entry.hasDescriptor ? await reader.read(end, describedBytes(reader, end)) : NOTHING);
}
function isDirectory({ name }) {
    return name.endsWith('/');
}
function isLarge({ packedBytes, unpackedBytes }) {
    return packedBytes > AT_ONCE_BYTES || unpackedBytes > AT_ONCE_BYTES;
}
/** Go takes from the local header only where the data begins (File.findBodyOffset). */
function startOfData(entry, head) {
    if (head.readUInt32LE(0) !== LOCAL_SIGNATURE)
        throw entryError(entry, 'has no local header');
    return entry.offset + LOCAL_BYTES + head.readUInt16LE(26) + head.readUInt16LE(28);
}
function checkPacking(entry) {
    const { method, packedBytes, unpackedBytes } = entry;
    if (method !== STORED && method !== DEFLATED) {
        throw entryError(entry, `is packed by method ${method}, only store and deflate are allowed`);
    }
    if (method === STORED && packedBytes !== unpackedBytes)
        throw wrongSize(entry);
}
function contentOf(entry, packed) {
    const data = entry.method === STORED ? packed : inflateAtOnce(entry, packed);
    return { bytes: data.length, crc: (0,external_node_zlib_namespaceObject.crc32)(data), sha256: (0,external_node_crypto_namespaceObject.hash)('sha256', data, 'hex') };
}
function inflateAtOnce(entry, packed) {
    try {
        // One chunk that holds all, and a limit: an entry that grows beyond what it declares ends here.
        return (0,external_node_zlib_namespaceObject.inflateRawSync)(packed, {
            chunkSize: Math.max(64, entry.unpackedBytes + 1),
            maxOutputLength: Math.max(1, entry.unpackedBytes),
        });
    }
    catch (error) {
        throw inflateError(entry, error);
    }
}
async function streamContent(reader, entry, start) {
    const hash = (0,external_node_crypto_namespaceObject.createHash)('sha256');
    let crc = 0;
    let bytes = 0;
    const packed = chunksOf(reader, start, entry.packedBytes);
    for await (const data of entry.method === STORED ? packed : inflate(entry, packed)) {
        bytes += data.length;
        if (bytes > entry.unpackedBytes)
            throw wrongSize(entry);
        crc = (0,external_node_zlib_namespaceObject.crc32)(data, crc);
        hash.update(data);
    }
    return { bytes, crc, sha256: hash.digest('hex') };
}
async function* chunksOf(reader, start, length) {
    for (let done = 0; done < length; done += CHUNK_BYTES) {
        const chunk = await reader.read(start + done, Math.min(CHUNK_BYTES, length - done));
        // The stream holds on to it while the reader goes on.
        yield Buffer.from(chunk);
        await (0,promises_namespaceObject.setImmediate)();
    }
}
async function* inflate(entry, packed) {
    const source = external_node_stream_namespaceObject.Readable.from(packed, { objectMode: true, highWaterMark: 1 });
    const inflater = (0,external_node_zlib_namespaceObject.createInflateRaw)({ chunkSize: CHUNK_BYTES });
    // pipe() forwards no errors.
    source.on('error', (error) => inflater.destroy(error));
    try {
        for await (const data of source.pipe(inflater))
            yield data;
    }
    catch (error) {
        throw inflateError(entry, error);
    }
    finally {
        // Deflated data can end before the entry does; what follows is not read, as in Go.
        source.destroy();
        inflater.destroy();
    }
}
/** Bytes of a descriptor, with its signature; less only where the zip ends. */
function describedBytes({ size }, end) {
    return Math.max(MIN_DESCRIPTOR_BYTES, Math.min(MAX_DESCRIPTOR_BYTES, size - end));
}
/**
 * Returns the hash of content that is as declared; `behind` is what follows it where there is a descriptor. The CRC stands
 * there too, and counts; without one, a CRC of 0 means that none was set.
 */
function checkContent(entry, { bytes, crc, sha256 }, behind) {
    if (bytes !== entry.unpackedBytes)
        throw wrongSize(entry);
    if (entry.hasDescriptor) {
        // The signature may be left out (readDataDescriptor); Go reads twelve bytes besides it and looks at the CRC.
        const at = behind.readUInt32LE(0) === DESCRIPTOR_SIGNATURE ? 4 : 0;
        if (at + MIN_DESCRIPTOR_BYTES > behind.length)
            throw zipError('it is cut off');
        if (behind.readUInt32LE(at) !== entry.crc)
            throw wrongCrc(entry);
    }
    else if (entry.crc === 0)
        return sha256;
    if (crc !== entry.crc)
        throw wrongCrc(entry);
    return sha256;
}
function inflateError(entry, error) {
    const code = error.code;
    if (code === 'ERR_BUFFER_TOO_LARGE')
        return wrongSize(entry);
    if (code === 'Z_DATA_ERROR' || code === 'Z_BUF_ERROR' || code === 'Z_NEED_DICT') {
        return entryError(entry, 'cannot be inflated', { cause: error });
    }
    return error instanceof Error ? error : new Error(String(error));
}
function wrongSize(entry) {
    return entryError(entry, `has not the ${entry.unpackedBytes} bytes that it declares`);
}
function wrongCrc(entry) {
    return entryError(entry, 'has a wrong CRC-32');
}
function entryError(entry, what, options) {
    const name = Buffer.from(entry.name, 'latin1').toString('utf8');
    return zipError(`entry ${JSON.stringify(name)} ${what}`, options);
}

;// CONCATENATED MODULE: external "node:fs"
const external_node_fs_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:fs");
;// CONCATENATED MODULE: external "node:fs/promises"
const external_node_fs_promises_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:fs/promises");
;// CONCATENATED MODULE: ./src/go/zip-source.ts



/** One read of the disk brings this much, which is many entries of a usual module. */
const WINDOW_BYTES = 2 ** 20;
/**
 * Calls `use` with a reader of the source, returns what it returns, and closes what was opened.
 * @throws GoRuleError 'zip' when it has more than `maxBytes` or is no regular file; errors of the file system as they are.
 */
async function withZipReader(source, maxBytes, use) {
    if ('bytes' in source) {
        checkSize(source.bytes.byteLength, maxBytes);
        return await use(new BytesReader(source.bytes));
    }
    if ('fd' in source)
        return await use(openSyncReader(source.fd, maxBytes));
    if ('handle' in source)
        return await use(await openReader(source.handle, maxBytes));
    const handle = await (0,external_node_fs_promises_namespaceObject.open)(source.path, 'r');
    try {
        return await use(await openReader(handle, maxBytes));
    }
    finally {
        await handle.close();
    }
}
async function openReader(handle, maxBytes) {
    const stat = await handle.stat();
    if (!stat.isFile())
        throw zipError('it is no regular file');
    checkSize(stat.size, maxBytes);
    const read = async (buffer, offset, length, position) => (await handle.read(buffer, offset, length, position)).bytesRead;
    return new FileReader(read, stat.size);
}
function openSyncReader(fd, maxBytes) {
    const stat = (0,external_node_fs_namespaceObject.fstatSync)(fd);
    if (!stat.isFile())
        throw zipError('it is no regular file');
    checkSize(stat.size, maxBytes);
    return new FileReader((buffer, offset, length, position) => (0,external_node_fs_namespaceObject.readSync)(fd, buffer, offset, length, position), stat.size);
}
function checkSize(size, maxBytes) {
    if (size > maxBytes)
        throw zipError(`it has ${size} bytes, at most ${maxBytes} are allowed`);
}
function checkRange(size, offset, length) {
    if (offset + length > size)
        throw zipError('it is cut off');
}
class BytesReader {
    size;
    #bytes;
    constructor(bytes) {
        this.size = bytes.byteLength;
        this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    async read(offset, length) {
        return this.atHand(offset, length);
    }
    atHand(offset, length) {
        checkRange(this.size, offset, length);
        return this.#bytes.subarray(offset, offset + length);
    }
}
/** Reads ahead: entries are asked for in the order in which they lie. */
class FileReader {
    size;
    #readAt;
    #memory = Buffer.alloc(0);
    #window = this.#memory;
    #windowOffset = 0;
    constructor(readAt, size) {
        this.#readAt = readAt;
        this.size = size;
    }
    async read(offset, length) {
        const there = this.atHand(offset, length);
        if (there !== undefined)
            return there;
        await this.#load(offset, Math.min(Math.max(length, WINDOW_BYTES), this.size - offset));
        return this.#window.subarray(0, length);
    }
    atHand(offset, length) {
        checkRange(this.size, offset, length);
        const from = offset - this.#windowOffset;
        if (from < 0 || from + length > this.#window.length)
            return undefined;
        return this.#window.subarray(from, from + length);
    }
    async #load(offset, length) {
        // What was read before is good no longer. New memory for each window would cost more than reading it.
        if (this.#memory.length < length)
            this.#memory = Buffer.allocUnsafe(length);
        const window = this.#memory.subarray(0, length);
        this.#window = window.subarray(0, 0);
        for (let done = 0; done < length;) {
            const bytesRead = await this.#readAt(window, done, length - done, offset + done);
            if (bytesRead === 0)
                throw zipError('it became shorter while it was read');
            done += bytesRead;
        }
        this.#window = window;
        this.#windowOffset = offset;
    }
}

;// CONCATENATED MODULE: ./src/go/h1.ts




const MEBIBYTE = 2 ** 20;
/** x/mod/zip: MaxZipFile. */
const MAX_ZIP_BYTES = 500 * MEBIBYTE;
const MAX_DIRECTORY_BYTES = 64 * MEBIBYTE;
/** Says whether the text is an h1 hash: `h1:` and SHA-256 in canonical base64. */
function isH1(text) {
    // 32 bytes are 42 full characters and four bits, of which the last two of the 43rd character are zero.
    return /^h1:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(text);
}
/** Returns the h1 hash of a go.mod file, as the `/go.mod` lines of go.sum have it (modfetch/fetch.go: goModSum). */
function hashGoMod(bytes) {
    return h1(`${hashOnce('sha256', bytes, 'hex')}  go.mod\n`);
}
/**
 * Returns the h1 hash of a module zip, as go.sum has it (x/mod/sumdb/dirhash: HashZip), after checking all that
 * archive/zip checks: declared sizes, CRCs, methods. Memory stays at some 10 MiB beside the directory, whatever the zip
 * says; zips can be hashed at the same time, and the event loop turns at least once per 4 MiB.
 *
 * The prefix `path@version/` of the names is not checked: go does, and a hash from go.sum covers it.
 * @throws GoRuleError 'zip' when it is no module zip, can be read in more than one way, or passes a limit.
 * Errors of the file system (ENOENT, …) and the reason of `signal` come as they are.
 */
async function hashZip(source, limits = {}) {
    const { zipBytes = MAX_ZIP_BYTES, unpackedBytes = MAX_ZIP_BYTES, signal } = limits;
    return await withZipReader(source, zipBytes, async (reader) => {
        const directory = await readZipDirectory(reader, limits.directoryBytes ?? MAX_DIRECTORY_BYTES);
        let declared = 0;
        let packed = 0;
        for (const entry of directory) {
            if (entry.name.includes('\n'))
                throw zipError('the name of an entry has a line break');
            declared += entry.unpackedBytes;
            packed += entry.packedBytes;
        }
        if (declared > unpackedBytes) {
            throw zipError(`unpacked it has ${declared} bytes, at most ${unpackedBytes} are allowed`);
        }
        // Entries that share their data are a way to make little input much work; no honest tool writes them.
        if (packed > reader.size)
            throw zipError('its entries overlap');
        const hashes = await hashZipEntries(reader, directory, signal);
        return { hash: hashOfEntries(hashes), files: directory.length, unpackedBytes: declared };
    });
}
/** Go opens entries by name, so that of two with the same name the last one counts for both (dirhash: HashZip). */
function hashOfEntries(entries) {
    const last = new Map(entries.map((entry) => [entry.name, entry.sha256]));
    const names = entries.map((entry) => entry.name).sort(compareBytes);
    return h1(Buffer.from(names.map((name) => `${last.get(name)}  ${name}\n`).join(''), 'latin1'));
}
/** Names have one character per byte. */
function compareBytes(a, b) {
    if (a === b)
        return 0;
    return a < b ? -1 : 1;
}
function h1(lines) {
    return `h1:${(0,external_node_crypto_namespaceObject.hash)('sha256', lines, 'base64')}`;
}

;// CONCATENATED MODULE: ./src/hashing/worker.ts



external_node_worker_threads_namespaceObject.parentPort?.on('message', (question) => {
    void answer(question).then((told) => external_node_worker_threads_namespaceObject.parentPort?.postMessage(told));
});
async function answer({ id, fd, ...limits }) {
    try {
        return { id, hash: await hashZip({ fd }, limits) };
    }
    catch (error) {
        const isRule = error instanceof GoRuleError;
        const message = error instanceof Error ? error.message : 'unknown error';
        const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
        return { id, error: { isRule, message, ...(code === undefined ? {} : { code }) } };
    }
}

