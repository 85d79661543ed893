/* SPDX-License-Identifier: Apache-2.0 */
/* YAML to JSON on libyaml's events. Beside the JSON tree grows a tree of line numbers of the same
 * shape; it is separate because jansson's true, false and null are shared by all their uses. */
#include "base/yaml.h"

#include "base/error.h"
#include "base/file.h"
#include "base/yaml_scalar.h"

#include <string.h>
#include <yaml.h>

#define MAX_SIZE ((size_t)16 << 20)
#define MAX_NODES 100000
#define MAX_DEPTH HCP_JSON_MAX_DEPTH
#define MAX_KEY_SIZE ((size_t)1024) /* aliases copy keys, so their size is bounded too */

/* Where one node came from. */
typedef struct origin {
    int line;
    char *key;           /* NULL in arrays and at the root */
    GPtrArray *children; /* of origin; NULL for scalars */
} origin;

struct hcp_yaml {
    json_t *root;
    origin *lines;
};

typedef struct {
    yaml_parser_t parser;
    const char *name;
    GHashTable *anchors; /* name -> json_t */
    int nodes;
    int depth;
    GError **error;
} reader;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(yaml_event_t, yaml_event_delete)

static void origin_free(void *data)
{
    origin *it = data;
    if (it == NULL)
        return;
    g_free(it->key);
    if (it->children != NULL)
        g_ptr_array_unref(it->children);
    g_free(it);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(origin, origin_free)

static int line_of(yaml_mark_t mark)
{
    return (int)mark.line + 1;
}

/* Sets the error "NAME: line L, column C: …" and returns NULL. */
G_GNUC_PRINTF(3, 4)
static json_t *refuse(reader *in, yaml_mark_t mark, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *reason = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(in->error, HCP_ERROR, HCP_ERROR_INVALID, "%s: line %d, column %d: %s", in->name,
                line_of(mark), (int)mark.column + 1, reason);
    return NULL;
}

static bool next_event(reader *in, yaml_event_t *event)
{
    if (yaml_parser_parse(&in->parser, event))
        return true;
    bool has_context = in->parser.context != NULL;
    /* Reader errors (bad UTF-8) know an offset and no mark; the parser's mark is where it got to. */
    yaml_mark_t mark =
        in->parser.error == YAML_READER_ERROR ? in->parser.mark : in->parser.problem_mark;
    refuse(in, mark, "%s%s%s", in->parser.problem != NULL ? in->parser.problem : "not YAML",
           has_context ? " " : "", has_context ? in->parser.context : "");
    return false;
}

/* Counts one node in; false with the error set beyond the bound. */
static bool admit(reader *in, yaml_mark_t mark)
{
    if (in->nodes++ < MAX_NODES)
        return true;
    refuse(in, mark, "more than %d values, aliases expanded", MAX_NODES);
    return false;
}

static bool descend(reader *in, yaml_mark_t mark)
{
    if (in->depth++ < MAX_DEPTH)
        return true;
    refuse(in, mark, "nested deeper than %d levels; flatten the document", MAX_DEPTH);
    return false;
}

/* Keeps a finished node under its anchor, if it has one. */
static void remember(reader *in, const yaml_char_t *anchor, json_t *value)
{
    if (anchor != NULL)
        g_hash_table_replace(in->anchors, g_strdup((const char *)anchor), json_incref(value));
}

static json_t *copy_node(reader *in, yaml_mark_t mark, json_t *source);

static json_t *copy_members(reader *in, yaml_mark_t mark, json_t *source)
{
    g_autoptr(json_t) copy = json_is_object(source) ? json_object() : json_array();
    const char *key;
    size_t index;
    json_t *member, *inner;
    json_object_foreach(source, key, member)
    {
        if ((inner = copy_node(in, mark, member)) == NULL)
            return NULL;
        json_object_set_new(copy, key, inner);
    }
    json_array_foreach(source, index, member)
    {
        if ((inner = copy_node(in, mark, member)) == NULL)
            return NULL;
        json_array_append_new(copy, inner);
    }
    return g_steal_pointer(&copy);
}

/* Copies containers, so that filling in defaults at one place does not show at another, and shares
 * scalars, so that aliases of a long text cost nothing. Every copied node counts. */
static json_t *copy_node(reader *in, yaml_mark_t mark, json_t *source)
{
    if (!admit(in, mark))
        return NULL;
    if (!json_is_object(source) && !json_is_array(source))
        return json_incref(source);
    json_t *copy = descend(in, mark) ? copy_members(in, mark, source) : NULL;
    in->depth--;
    return copy;
}

static json_t *read_alias(reader *in, const yaml_event_t *event)
{
    /* Anchors are known when their node ends, so a node that contains itself is refused here. */
    const char *name = (const char *)event->data.alias.anchor;
    json_t *source = g_hash_table_lookup(in->anchors, name);
    if (source == NULL)
        return refuse(in, event->start_mark, "alias *%s has no anchor before it", name);
    return copy_node(in, event->start_mark, source);
}

static json_t *read_scalar(reader *in, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    if (strlen(text) != event->data.scalar.length)
        return refuse(in, event->start_mark, "a text must not contain \\0");
    if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return json_string(text);
    const char *reason = NULL;
    json_t *value = hcp_yaml_scalar_plain(text, &reason);
    return value != NULL ? value : refuse(in, event->start_mark, "%.64s is %s", text, reason);
}

static json_t *read_node(reader *in, const yaml_event_t *event, origin *where);

/* Reads the value of a member or an element that begins with `event` and notes its line. */
static json_t *read_child(reader *in, const yaml_event_t *event, origin *where, origin **ret_child)
{
    if (where->children == NULL)
        where->children = g_ptr_array_new_with_free_func(origin_free);
    origin *child = g_new0(origin, 1);
    g_ptr_array_add(where->children, child);
    child->line = line_of(event->start_mark);
    *ret_child = child;
    return read_node(in, event, child);
}

static bool check_key(reader *in, const yaml_event_t *event, const json_t *object)
{
    const char *key = (const char *)event->data.scalar.value;
    if (event->type != YAML_SCALAR_EVENT)
        refuse(in, event->start_mark, "a key must be plain text");
    else if (event->data.scalar.tag != NULL || event->data.scalar.anchor != NULL)
        refuse(in, event->start_mark, "a key must not have a tag or an anchor");
    else if (event->data.scalar.length > MAX_KEY_SIZE)
        refuse(in, event->start_mark, "a key of more than %zu bytes", MAX_KEY_SIZE);
    else if (strlen(key) != event->data.scalar.length)
        refuse(in, event->start_mark, "a key must not contain \\0");
    else if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && strcmp(key, "<<") == 0)
        refuse(in, event->start_mark, "merge keys (<<) are not supported; write the members out");
    else if (json_object_get(object, key) != NULL)
        refuse(in, event->start_mark, "duplicate key \"%s\"", key);
    else
        return true;
    return false;
}

/* Reads one member whose key is `event`. Its line is that of the key, where a person looks. */
static bool read_member(reader *in, const yaml_event_t *event, json_t *object, origin *where)
{
    if (!check_key(in, event, object))
        return false;
    const char *key = (const char *)event->data.scalar.value;
    g_auto(yaml_event_t) first = {0};
    if (!next_event(in, &first))
        return false;
    origin *child;
    json_t *value = read_child(in, &first, where, &child);
    if (value == NULL)
        return false;
    child->line = line_of(event->start_mark);
    child->key = g_strdup(key);
    json_object_set_new(object, key, value);
    return true;
}

static bool read_element(reader *in, const yaml_event_t *event, json_t *array, origin *where)
{
    origin *child;
    json_t *value = read_child(in, event, where, &child);
    return value != NULL && json_array_append_new(array, value) == 0;
}

/* Reads members or elements up to the event that ends the container. */
static json_t *read_container(reader *in, const yaml_event_t *start, origin *where)
{
    bool mapping = start->type == YAML_MAPPING_START_EVENT;
    yaml_event_type_t end = mapping ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
    g_autoptr(json_t) value = mapping ? json_object() : json_array();
    for (;;) {
        g_auto(yaml_event_t) event = {0};
        if (!next_event(in, &event))
            return NULL;
        if (event.type == end)
            return g_steal_pointer(&value);
        if (!(mapping ? read_member : read_element)(in, &event, value, where))
            return NULL;
    }
}

static json_t *read_nested(reader *in, const yaml_event_t *start, origin *where)
{
    json_t *value = descend(in, start->start_mark) ? read_container(in, start, where) : NULL;
    in->depth--;
    return value;
}

static const yaml_char_t *tag_of(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.tag;
    default:
        return NULL;
    }
}

static const yaml_char_t *anchor_of(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor;
    default:
        return NULL;
    }
}

/* Reads the node that begins with `event`. New reference, or NULL with the error set. */
static json_t *read_node(reader *in, const yaml_event_t *event, origin *where)
{
    const char *tag = (const char *)tag_of(event);
    if (tag != NULL)
        return refuse(in, event->start_mark, "tags are not supported; remove %.64s", tag);
    if (event->type == YAML_ALIAS_EVENT)
        return read_alias(in, event);
    if (!admit(in, event->start_mark))
        return NULL;
    json_t *value =
        event->type == YAML_SCALAR_EVENT ? read_scalar(in, event) : read_nested(in, event, where);
    if (value != NULL)
        remember(in, anchor_of(event), value);
    return value;
}

/* Moves past one event that has to be of `type`. */
static bool expect(reader *in, yaml_event_type_t type, const char *problem)
{
    g_auto(yaml_event_t) event = {0};
    if (!next_event(in, &event))
        return false;
    if (event.type == type)
        return true;
    refuse(in, event.start_mark, "%s", problem);
    return false;
}

/* Reads the only document of a stream; a stream without one is null. */
static json_t *read_stream(reader *in, origin *where)
{
    static const char ONE[] = "a second document begins; one file is one document";
    g_auto(yaml_event_t) start = {0};
    if (!expect(in, YAML_STREAM_START_EVENT, "no stream") || !next_event(in, &start))
        return NULL;
    if (start.type == YAML_STREAM_END_EVENT)
        return json_null();
    g_auto(yaml_event_t) first = {0};
    if (!next_event(in, &first))
        return NULL;
    where->line = line_of(first.start_mark);
    g_autoptr(json_t) value = read_node(in, &first, where);
    if (value == NULL || !expect(in, YAML_DOCUMENT_END_EVENT, ONE) ||
        !expect(in, YAML_STREAM_END_EVENT, ONE))
        return NULL;
    return g_steal_pointer(&value);
}

static void decref(void *value)
{
    json_decref(value);
}

hcp_yaml *hcp_yaml_parse(const char *text, size_t size, const char *name, GError **error)
{
    if (size > MAX_SIZE) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "%s: larger than %zu bytes", name,
                    MAX_SIZE);
        return NULL;
    }
    reader in = {.name = name, .error = error};
    g_autoptr(origin) lines = g_new0(origin, 1);
    lines->line = 1;
    if (!yaml_parser_initialize(&in.parser))
        g_error("out of memory"); /* what GLib does when its own allocation fails */
    yaml_parser_set_encoding(&in.parser, YAML_UTF8_ENCODING);
    /* libyaml asserts a pointer, and an empty buffer may have none. */
    const char *input = size > 0 ? text : "";
    yaml_parser_set_input_string(&in.parser, (const unsigned char *)input, size);
    in.anchors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, decref);
    json_t *root = read_stream(&in, lines);
    g_hash_table_destroy(in.anchors);
    yaml_parser_delete(&in.parser);
    if (root == NULL)
        return NULL;
    hcp_yaml *yaml = g_new(hcp_yaml, 1);
    yaml->root = root;
    yaml->lines = g_steal_pointer(&lines);
    return yaml;
}

hcp_yaml *hcp_yaml_parse_file(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    size_t size;
    if (!hcp_file_read(path, MAX_SIZE, &text, &size, error))
        return NULL;
    return hcp_yaml_parse(text, size, path, error);
}

json_t *hcp_yaml_root(hcp_yaml *yaml)
{
    return yaml->root;
}

/* The child named by `token`, one unescaped step of a pointer; NULL when there is none. */
static const origin *find_child(const origin *where, const char *token)
{
    guint count = where->children != NULL ? where->children->len : 0;
    for (guint i = 0; i < count; i++) {
        const origin *child = where->children->pdata[i];
        if (child->key != NULL && strcmp(child->key, token) == 0)
            return child;
    }
    guint64 index;
    if (count == 0 || ((const origin *)where->children->pdata[0])->key != NULL ||
        !g_ascii_string_to_unsigned(token, 10, 0, count - 1, &index, NULL))
        return NULL;
    return where->children->pdata[index];
}

static void unescape(char *token)
{
    char *to = token;
    for (const char *from = token; *from != '\0'; from++) {
        if (from[0] == '~' && (from[1] == '0' || from[1] == '1'))
            *to++ = *++from == '0' ? '~' : '/';
        else
            *to++ = *from;
    }
    *to = '\0';
}

int hcp_yaml_line(const hcp_yaml *yaml, const char *pointer)
{
    const origin *where = yaml->lines;
    g_auto(GStrv) tokens = g_strsplit(pointer, "/", -1);
    for (char **token = tokens; *token != NULL; token++) {
        if (token == tokens) /* what stands before the first slash is the root */
            continue;
        unescape(*token);
        const origin *child = find_child(where, *token);
        if (child == NULL)
            break;
        where = child;
    }
    return where->line;
}

void hcp_yaml_free(hcp_yaml *yaml)
{
    if (yaml == NULL)
        return;
    json_decref(yaml->root);
    origin_free(yaml->lines);
    g_free(yaml);
}
